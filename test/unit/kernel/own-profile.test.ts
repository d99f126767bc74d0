import { describe, expect, test } from 'vitest';
import type { StoredFile } from '../../../src/engine/store.js';
import type { OwnKernelProfile } from '../../../src/inventory/cluster.js';
import {
  buildHostOf,
  decideArp,
  decideIpvs,
  kernelBundle,
  ownProfile,
  parseKernelVersion,
  profileNamed,
  wantedKernel,
} from '../../../src/kernel/index.js';
import { hostOf, tutorial } from '../roles/cluster.js';
import { host } from './hosts.js';

const sha256 = '0'.repeat(64);
const own: OwnKernelProfile = {
  version: '6.1.192',
  source: { file: '/usr/src/linux-source-6.1.tar.xz', sha256 },
  patches: [{ file: '/srv/hidden.diff', sha256 }],
  flavour: '2.6',
  arch: 'um',
  base: 'defconfig',
  options: { IP_VS: 'm' },
  image: { target: 'linux', path: 'linux' },
  arp: 'hidden',
};
const kernelProfiles = { uml: own, old: { ...own, version: '2.4.31', flavour: '2.4' as const } };

describe('a kernel of the inventory’s own', () => {
  test('is a profile like any other', () => {
    expect(ownProfile('uml', own)).toMatchObject({
      id: 'uml',
      kernel: '6.1.192',
      arp: 'hidden',
      artifacts: ['uml:source', 'uml:patch-1'],
      build: { flavour: '2.6', arch: 'um', base: 'defconfig', image: own.image },
    });
    expect(ownProfile('uml', { ...own, ipvsadm: own.source }).artifacts.at(-1)).toBe('uml:ipvsadm');
    expect(profileNamed('safer', { kernelProfiles })?.id).toBe('safer');
    expect(profileNamed('constructor', { kernelProfiles })).toBeUndefined();
  });

  test('is chosen by its name, and shown where another is', () => {
    const facts = host({ release: '2.4.20-8' });
    for (const decide of [decideIpvs, decideArp]) {
      const chosen = decide(facts, { rebuild: true, profile: 'uml', kernelProfiles });
      expect(chosen).toMatchObject({ kind: 'rebuild', profile: { id: 'uml' } });
      expect(chosen.alternatives.map(({ way }) => way)).toEqual(
        expect.arrayContaining([
          expect.stringContaining('profile safer'),
          expect.stringContaining('profile old'),
        ]),
      );
      const other = decide(facts, { rebuild: true, kernelProfiles });
      expect(other).toMatchObject({ kind: 'rebuild', profile: { id: 'safer' } });
      expect(other.alternatives.map(({ way }) => way)).toContainEqual(expect.stringContaining('profile uml'));
      expect(decide(facts, { profile: 'uml', kernelProfiles }).kind).not.toBe('rebuild');
    }
  });

  test('of another line may be built for a system of today, one of the 2.4 line may not', () => {
    const facts = host({ release: '6.1.0-18-cloud-amd64' });
    expect(decideIpvs(facts, { rebuild: true, profile: 'uml', kernelProfiles }).kind).toBe('rebuild');
    expect(decideIpvs(facts, { rebuild: true, profile: 'old', kernelProfiles }).kind).toBe('impossible');
    expect(decideIpvs(facts, { rebuild: true, kernelProfiles }).kind).toBe('impossible');
  });
});

describe('the kernel that a host wants', () => {
  const cluster = { ...tutorial(), kernelProfiles };
  const rs1 = hostOf(cluster, 'rs1');
  const stored = new Map<string, StoredFile>();
  const wantedAfter = (said: Record<string, string>) =>
    wantedKernel(rs1, { cluster, stored, published: new Map([['rs1', said]]) });

  test('is what the survey published, and none where it published nothing', () => {
    expect(wantedKernel(rs1, { cluster, stored, published: new Map() })).toBeUndefined();
    expect(wantedAfter({ 'kernel.profile': 'nobody', 'kernel.config': 'CONFIG_X=y' })).toBeUndefined();
    expect(wantedAfter({ 'kernel.profile': 'tutorial' })).toBeUndefined();
    const wanted = wantedAfter({ 'kernel.profile': 'tutorial', 'kernel.config': 'CONFIG_X=y' });
    expect(wanted?.release).toMatch(/^2\.4\.20-lvs[0-9a-f]{8}$/);
    expect(wantedAfter({ 'kernel.profile': 'uml' })?.release).toMatch(/^6\.1\.192-lvs[0-9a-f]{8}$/);
  });

  test('has a name of its own for every input', () => {
    const file = (sha: string): StoredFile => ({ name: '', path: '/x', size: 1, sha256: sha, cksum: '1 1' });
    const profile = ownProfile('old', kernelProfiles.old);
    const releases = [
      kernelBundle(profile, '', new Map()),
      kernelBundle(profile, 'CONFIG_X=y', new Map()),
      kernelBundle(profile, '', new Map([['old:source', file('1')]])),
      kernelBundle(profile, '', new Map([['old:patch-1', file('1')]])),
      kernelBundle(ownProfile('old', { ...kernelProfiles.old, options: { IP_VS: 'y' } }), '', new Map()),
    ].map(({ release }) => release);
    expect(new Set(releases).size).toBe(releases.length);
    expect(kernelBundle(profile, '', new Map([['other', file('1')]])).release).toBe(releases[0]);
    expect(parseKernelVersion(releases[0] ?? '')?.origin).toBe('own');
  });
});

describe('the build host', () => {
  const cluster = tutorial();
  const withKernels = (kernels: Record<string, { rebuild: boolean; buildHost?: string }>) => ({
    ...cluster,
    hosts: new Map(
      [...cluster.hosts].map(([name, each]) => [
        name,
        { ...each, ...(kernels[name] && { kernel: kernels[name] }) },
      ]),
    ),
  });
  const builder = (kernels: Parameters<typeof withKernels>[0], name: string) => {
    const changed = withKernels(kernels);
    return buildHostOf(changed, hostOf(changed, name))?.name;
  };

  test.each([
    [
      'is the first that may be rebuilt and is no director',
      { director: { rebuild: true }, rs1: { rebuild: true }, rs2: { rebuild: true } },
      'rs2',
      'rs1',
    ],
    ['is a director where there is none else', { director: { rebuild: true } }, 'director', 'director'],
    [
      'is whom the inventory names, rebuilt or not',
      { rs1: { rebuild: true, buildHost: 'client' } },
      'rs1',
      'client',
    ],
    [
      'is nobody for a host that is not rebuilt',
      { rs1: { rebuild: false }, rs2: { rebuild: true } },
      'rs1',
      undefined,
    ],
  ])('%s', (_, kernels, name, builds) => expect(builder(kernels, name)).toBe(builds));
});
