import { describe, expect, test } from 'vitest';
import { ipvsadm, ipvsadmSource } from '../../../roles/index.js';
import type { Facts } from '../../../src/engine/facts.js';
import type { StoredFile } from '../../../src/engine/store.js';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { debian, redhat9 } from '../resources/facts.js';
import { nothingChanging, said } from '../resources/shells.js';
import { hostOf, tutorial } from './cluster.js';
import { changeOf, ids, input } from './play.js';

const TREE = '/usr/src/linux/include/net/ip_vs.h';

/** The tutorial's director, of which the inventory says that its kernel may be replaced. */
const legacy: Cluster = (() => {
  const cluster = tutorial();
  const director = { ...hostOf(cluster, 'director'), kernel: { rebuild: true } };
  return { ...cluster, hosts: new Map([...cluster.hosts, ['director', director]]) };
})();

/** Red Hat 9 with a kernel that has IPVS. */
function old(release: string, more: { commands?: readonly string[]; paths?: readonly string[] } = {}): Facts {
  return {
    ...redhat9,
    packageManager: undefined,
    kernel: { ...redhat9.kernel, release },
    commands: new Set([...redhat9.commands, ...(more.commands ?? ['gcc', 'make'])]),
    paths: new Set([...redhat9.paths, ...(more.paths ?? [TREE])]),
  };
}

const OWN = '2.4.20-lvs3f2a1c9d';
const SBIN = `/var/lib/lvsctl/kernel/${OWN}/sbin`;

describe('on a kernel that lvsctl built', () => {
  const resources = (facts: Facts) => ipvsadm.resources(input(ipvsadm, legacy, 'director', facts));

  test('ipvsadm comes from its bundle, whatever the package manager has', () => {
    for (const facts of [old(OWN), { ...redhat9, kernel: { ...redhat9.kernel, release: OWN } }]) {
      const list = resources(facts);
      expect(ids(list)[0]).toBe('ipvsadm of the kernel');
      expect(changeOf(list, 'ipvsadm of the kernel', 'bundle same\n')).toBeUndefined();
      const change = changeOf(list, 'ipvsadm of the kernel', 'bundle other\n');
      expect(change?.summary).toBe(`install the ipvsadm that was built with Linux ${OWN}`);
      expect(change?.apply.text).toContain(`cp ${SBIN}/"$f"`);
    }
  });

  test('a bundle without one leaves it to a package, to what is there, or says so', () => {
    const packaged = resources({ ...redhat9, kernel: { ...redhat9.kernel, release: OWN } });
    expect(changeOf(packaged, 'ipvsadm of the kernel', '')?.summary).toBe('install ipvsadm with yum');
    const alone = resources(old(OWN));
    expect(changeOf(alone, 'ipvsadm of the kernel', '/sbin/ipvsadm\n')).toBeUndefined();
    expect(() => changeOf(alone, 'ipvsadm of the kernel', '')).toThrow(/none came with Linux 2\.4\.20-lvs/);
  });
});

describe('ipvsadm from source', () => {
  const play = (facts: Facts, stored: readonly string[] = []) => {
    const files = new Map(stored.map((name) => [name, { name } as StoredFile]));
    return input(ipvsadmSource, legacy, 'director', facts, { stored: files });
  };
  const artifacts = (facts: Facts) => ipvsadmSource.artifacts?.(play(facts));
  const ID = 'ipvsadm from source';

  test('is for directors of the 2.4 era, and for no others', () => {
    expect(ipvsadmSource.appliesTo(hostOf(legacy, 'director'), legacy)).toBe(true);
    expect(ipvsadmSource.appliesTo(hostOf(legacy, 'rs1'), legacy)).toBe(false);
    expect(ipvsadmSource.appliesTo(hostOf(tutorial(), 'director'), tutorial())).toBe(false);
  });

  test.each([
    ['2.4.28', [], 'ipvsadm-1.21'],
    ['2.4.37.11', [], 'ipvsadm-1.21-11'],
    ['2.6.9', [], 'ipvsadm-1.24'],
    ['6.1.0', ['/usr/include/libnl3/netlink/netlink.h'], 'ipvsadm-1.31'],
    ['3.2.0', ['/usr/include/netlink/netlink.h'], 'ipvsadm-1.26'],
  ])('for Linux %s with %j is %s', (release, paths, artifact) => {
    expect(artifacts(old(release, { paths }))).toEqual([artifact]);
  });

  test('is not wanted where there is one, a package manager, no IPVS, or one in the kernel’s bundle', () => {
    expect(artifacts(old('2.4.28', { commands: ['gcc', 'make', 'ipvsadm'] }))).toEqual([]);
    expect(artifacts(redhat9)).toEqual([]);
    expect(
      artifacts({ ...old('2.4.28'), ipvs: { loaded: false, available: false, version: undefined } }),
    ).toEqual([]);
    expect(artifacts(old(OWN))).toEqual([]);
    expect(changeOf(ipvsadmSource.resources(play(old(OWN))), ID, 'there\n')).toBeUndefined();
  });

  test('is built against the tree, and the role ipvsadm leaves it to that', () => {
    const facts = old('2.4.28');
    const change = changeOf(ipvsadmSource.resources(play(facts)), ID, '');
    expect(change).toMatchObject({
      summary: 'build ipvsadm 1.21 for Linux 2.4.28, and install it into /sbin',
      files: { source: { stored: 'ipvsadm-1.21' } },
    });
    expect(ids(ipvsadm.resources(input(ipvsadm, legacy, 'director', facts)))).not.toContain(
      'packages ipvsadm',
    );
  });

  test.each([
    [
      'the tree’s headers',
      old('2.4.28', { paths: [] }),
      /ip_vs\.h is not there/,
      /link \/usr\/src\/linux to the source of Linux 2\.4\.28/,
    ],
    [
      'a compiler',
      old('2.4.28', { commands: ['make'] }),
      /gcc, which would build it, is not there/,
      /by hand/,
    ],
    ['libnl and popt', old('6.1.0', { paths: [] }), /ipvsadm 1\.31 needs libnl 3 and popt/, /by hand/],
    ['a release that fits', old('2.2.19'), /no ipvsadm is known for Linux 2\.2\.19/, /by hand/],
  ])('says what is missing: %s', (_, facts, message, hint) => {
    const list = ipvsadmSource.resources(play(facts));
    expect(() => changeOf(list, ID, '')).toThrow(message);
    try {
      changeOf(list, ID, '');
    } catch (error) {
      expect((error as { hint?: string }).hint).toMatch(hint);
    }
  });
});

describe('the banner', () => {
  const look = (facts: Facts, stdout: string) => {
    const list = ipvsadm.resources(input(ipvsadm, legacy, 'director', facts));
    return list.find(({ id }) => id === 'ipvsadm banner')?.plan(said(stdout), nothingChanging);
  };
  const line = (version: string, size = 65536) => `IP Virtual Server version ${version} (size=${size})`;

  test('is looked at where ipvsadm may be of another time than the kernel', () => {
    const at = (facts: Facts) => ids(ipvsadm.resources(input(ipvsadm, legacy, 'director', facts)));
    expect(at(debian)).not.toContain('ipvsadm banner');
    expect(at(old(OWN))).toContain('ipvsadm banner');
    expect(at(redhat9)).toContain('ipvsadm banner');
  });

  test('must be that of the kernel, and the error names both', () => {
    // IPVS 1.0.8 pads its lines with blanks.
    expect(look(old(OWN), `${line('1.0.9')}          \n${line('1.0.9')}\n`)).toBeUndefined();
    expect(look(old(OWN), '')).toBeUndefined();
    expect(() => look(old(OWN), `${line('1.0.9')}\n${line('1.2.1', 4096)}\n`)).toThrow(
      /it says "IP Virtual Server version 1\.2\.1 \(size=4096\)", and Linux 2\.4\.20-lvs3f2a1c9d has IPVS 1\.0\.9/,
    );
    expect(() => look(old(OWN), `${line('1.0.9')}\nCan't initialize ipvs: Protocol not available\n`)).toThrow(
      /Can't initialize ipvs/,
    );
  });
});
