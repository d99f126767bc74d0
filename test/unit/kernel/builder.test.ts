import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { kernelBuild, kernelSurvey } from '../../../roles/index.js';
import { buildOf } from '../../../roles/kernel/builder/build.js';
import { optionLine, withOptions } from '../../../roles/kernel/builder/configure.js';
import { requirements } from '../../../roles/kernel/builder/requirements.js';
import { ofVersion } from '../../../roles/kernel/builder/source.js';
import type { Resource } from '../../../src/engine/resource.js';
import type { StoredFile } from '../../../src/engine/store.js';
import type { Cluster, OwnKernelProfile } from '../../../src/inventory/cluster.js';
import { configText, kernelBundle, PROFILES } from '../../../src/kernel/index.js';
import { redHat9Config } from '../../../src/lab/twin-sources/index.js';
import { sh, shLines } from '../../../src/shell/index.js';
import { runIn, shells } from '../../support/shells.js';
import { redhat9 } from '../resources/facts.js';
import { said } from '../resources/shells.js';
import { hostOf, tutorial } from '../roles/cluster.js';
import { input } from '../roles/play.js';
import { host, redirect } from './hosts.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-builder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const own: OwnKernelProfile = {
  version: '6.1.192',
  source: { file: '/srv/linux-source-6.1.tar.xz', sha256: '' },
  patches: [
    { file: '/srv/one.diff', sha256: '' },
    { file: '/srv/two.diff.gz', sha256: '' },
  ],
  flavour: '2.6',
  arch: 'um',
  base: 'defconfig',
  options: { IP_VS: 'm', IP_VS_TAB_BITS: 12, IPV6: 'n', CMDLINE: "it's" },
  image: { target: 'linux', path: 'linux' },
  arp: 'hidden',
};

/** The tutorial's cluster; all but the client may be rebuilt. */
function allowed(profile: string): Cluster {
  const cluster = tutorial();
  const hosts = [...cluster.hosts.values()].map((each) =>
    each.name === 'client' ? each : { ...each, kernel: { rebuild: true, profile } },
  );
  return { ...cluster, hosts: new Map(hosts.map((each) => [each.name, each])), kernelProfiles: { own } };
}

/** What the build host rs1 would do for the profile, with nothing stored. */
function resourcesFor(
  profile: string,
  stored: ReadonlyMap<string, StoredFile> = new Map(),
): readonly Resource[] {
  const said = { 'kernel.profile': profile, 'kernel.config': 'CONFIG_EXT3_FS=m' };
  const published = new Map(['director', 'rs1', 'rs2'].map((name) => [name, said]));
  return kernelBuild.resources(
    input(
      kernelBuild,
      allowed(profile),
      'rs1',
      { ...redhat9, packageManager: undefined },
      { published, stored },
    ),
  );
}

const file = (name: string, size = 1000): StoredFile => ({
  name,
  path: `/cache/${name}`,
  size,
  sha256: name,
  cksum: '1 1',
});

describe('what is set over a configuration', () => {
  const option = fc.constantFrom('IP_VS', 'IP_VS_RR', 'NETFILTER', 'EXT3_FS', 'CMDLINE', 'X');
  const line = fc.oneof(
    option.chain((name) =>
      fc.constantFrom(
        `CONFIG_${name}=y`,
        `CONFIG_${name}=m`,
        `# CONFIG_${name} is not set`,
        `CONFIG_${name}="a b"`,
      ),
    ),
    fc.constantFrom(
      '',
      '#',
      '# Automatically generated',
      '# CONFIG_IP_VS: a comment',
      'CONFIG_IP_VSX=y',
      '# CONFIG_IP_VS_RRX is not set',
    ),
  );
  const value = fc.oneof(fc.constantFrom('y', 'm', 'n', '0x1f', "it's", ''), fc.integer({ min: 0, max: 99 }));
  const options = fc.dictionary(option, value, { minKeys: 0, maxKeys: 4 });

  test.each(shells)('stands there once, and the rest as it was, in $name', (shell) => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), options, fc.boolean(), (base, set, newline) => {
        const path = join(folder, 'base');
        // A line may lack its end, but an empty one without an end is none.
        writeFileSync(
          path,
          base.join('\n') + ((newline && base.length > 0) || base.at(-1) === '' ? '\n' : ''),
        );
        const { stdout, stderr, status } = runIn(shell, shLines(sh`set -e`, withOptions(sh`${path}`, set)));
        expect([stderr, status]).toEqual(['', 0]);
        const names = Object.keys(set);
        const speaksOf = (text: string) => /^(?:# )?CONFIG_(\w+)(?:=| is not set)/.exec(text)?.[1] ?? '';
        const kept = base.filter((text) => !names.includes(speaksOf(text)));
        const wanted = [...kept, ...names.map((name) => optionLine(name, set[name] ?? 'n'))];
        // A last empty line without a newline is no line.
        const lines = (texts: readonly string[]) => texts.join('\n').replace(/\n+$/, '');
        expect(lines(stdout.split('\n'))).toBe(lines(wanted));
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['y', 'CONFIG_X=y'],
    ['n', '# CONFIG_X is not set'],
    [16, 'CONFIG_X=16'],
    ['0x1f', 'CONFIG_X=0x1f'],
    ['', 'CONFIG_X=""'],
    ['console=ttyS0', 'CONFIG_X="console=ttyS0"'],
  ])('%j', (value, expected) => expect(optionLine('X', value)).toBe(expected));
});

describe('a configuration that a host gave', () => {
  const evil = fc.constantFrom(
    'CONFIG_A="$(touch canary)"',
    'CONFIG_A="`touch canary`"',
    'CONFIG_A=y; touch canary',
    'touch canary',
    'CONFIG_A="a" touch canary',
    'CONFIG_A="\\"; touch canary; "',
    '# CONFIG_A is not set\rtouch canary',
    '$(touch canary)',
    'CONFIG_A=$(touch canary)',
  );
  const good = fc.constantFrom(
    'CONFIG_A=y',
    'CONFIG_B=0x1f',
    'CONFIG_C=-1',
    'CONFIG_D="a b"',
    '# CONFIG_E is not set',
  );

  test.each(shells)('is no program for $name, which sources it as 2.4 does', (shell) => {
    fc.assert(
      fc.property(fc.array(fc.oneof(evil, good, fc.string()), { maxLength: 6 }), (lines) => {
        const text = configText(lines.join('\n'));
        writeFileSync(join(folder, 'config'), `${text}\n`);
        const { status, stderr } = runIn(shell, sh`cd ${folder} && set -e && . ./config && [ ! -e canary ]`);
        expect([stderr, status]).toEqual(['', 0]);
      }),
      { numRuns: 60 },
    );
  });

  test('keeps its settings, and nothing else', async () => {
    const text = await redHat9Config();
    const settings = text.split('\n').filter((line) => /^CONFIG_|is not set$/.test(line));
    expect(settings.length).toBeGreaterThan(20);
    expect(configText(text).split('\n')).toEqual(settings);
    expect(configText(configText(text))).toBe(configText(text));
    expect(configText(`# Tue May 4\n${text}`)).toBe(configText(text));
  });
});

describe('the steps of a build', () => {
  const steps = (profile: string) =>
    resourcesFor(profile).map(({ id }) => id.replace(/^kernel \S+-lvs\w+: /, ''));

  test('are those of the profile', () => {
    const after = ['config', 'dep', 'image', 'modules', 'stage', 'ipvsadm', 'bundle'];
    expect(steps('tutorial').slice(-11)).toEqual(['unpack', 'link', 'patch-1', 'patch-2', ...after]);
    expect(steps('safer').slice(-10)).toEqual(['unpack', 'link', 'patch-1', ...after]);
    expect(steps('own')).toEqual([
      'requirements',
      'kernel source own-source-file',
      'kernel source own-patch-1-file',
      'kernel source own-patch-2-file',
      ...['unpack', 'link', 'patch-1', 'patch-2', 'config', 'image', 'modules', 'stage', 'bundle'],
    ]);
  });

  test('are none where the bundle is on this machine, or nobody wants one', () => {
    const { name } = kernelBundle(PROFILES.safer, 'CONFIG_EXT3_FS=m', new Map());
    expect(resourcesFor('safer', new Map([[name, file(name)]]))).toEqual([]);
    expect(kernelBuild.resources(input(kernelBuild, allowed('safer'), 'rs1', redhat9))).toEqual([]);
  });

  test('are for the build host alone, and for nobody on clusters of today', () => {
    const applies = (cluster: Cluster) =>
      [...cluster.hosts.values()]
        .filter((each) => kernelBuild.appliesTo(each, cluster))
        .map(({ name }) => name);
    expect(applies(allowed('safer'))).toEqual(['rs1']);
    expect(applies(tutorial())).toEqual([]);
    expect([...tutorial().hosts.values()].some((each) => kernelSurvey.appliesTo(each, tutorial()))).toBe(
      false,
    );
  });

  test('that are done stay done, unless one before them is to be done again', () => {
    const list = resourcesFor('tutorial');
    const step = (name: string) => {
      const found = list.find(({ id }) => id.endsWith(`: ${name}`));
      if (!found) throw new Error(`no step ${name}`);
      return found;
    };
    const planned = (name: string, stdout: string, changing: readonly string[] = []) =>
      step(name).plan(said(stdout), { changing: new Set(changing) }) !== undefined;
    expect(planned('image', 'done\n')).toBe(false);
    expect(planned('image', '')).toBe(true);
    expect(planned('image', 'done\n', [step('config').id])).toBe(true);
    expect(planned('image', 'done\n', [step('modules').id])).toBe(false);
    expect(planned('image', 'bundled\n', [step('config').id])).toBe(false);
    expect(planned('link', `link ${list.length}\n`)).toBe(true);
  });

  test.each(shells)('are scripts that $name can read', (shell) => {
    const flags =
      shell.name === 'busybox ash' ? ['ash', '-n'] : shell.name === 'bash' ? ['--posix', '-n'] : ['-n'];
    for (const profile of ['tutorial', 'safer', 'own']) {
      for (const { id, probe, plan } of resourcesFor(profile)) {
        const scripts = [probe];
        // What a build host with nothing says: each step is planned by it, but for what only looks.
        if (!id.endsWith('requirements')) {
          const change = plan(said(id.startsWith('kernel source') ? 'needed\n' : ''), {
            changing: new Set(),
          });
          if (change) scripts.push(change.apply);
        }
        for (const script of scripts) {
          const { stderr, status } = runIn(
            { name: shell.name, argv: [shell.argv[0] ?? '', ...flags] },
            script,
          );
          expect([profile, id, stderr, status]).toEqual([profile, id, '', 0]);
        }
      }
    }
  });
});

describe('what a build needs', () => {
  const now = redhat9.epochSeconds;
  const stored = new Map(PROFILES.tutorial.artifacts.map((name) => [name, file(name, 27_000_000)]));
  const build = buildOf(kernelBundle(PROFILES.tutorial, '', stored), '', stored, 1);
  const resource = requirements(build, redhat9, () => now);
  const well = ['gcc 3.2.2', 'free 900000'];
  const problem = (lines: readonly string[], clock = now, of = build) => {
    const it = requirements(of, redhat9, () => clock);
    try {
      it.plan(said(`${lines.join('\n')}\n`), { changing: new Set() });
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };

  test.each([
    ['all is there', well, undefined],
    ['the bundle is there', ['bundled'], undefined],
    ['no patch', ['missing patch', ...well], /patch is not there/],
    ['no make and no bzip2', ['missing make', 'missing bzip2', ...well], /make, bzip2 are not there/],
    ['gcc 2.95', ['gcc 2.95.3', 'free 900000'], undefined],
    ['gcc 3.4', ['gcc 3.4', 'free 900000'], undefined],
    [
      'gcc 4',
      ['gcc 4.1.2', 'free 900000'],
      /gcc is 4\.1\.2, and Linux 2\.4 is known to be built by gcc 2\.95 to 3\.4/,
    ],
    ['gcc of today', ['gcc 12', 'free 900000'], /gcc is 12/],
    ['no room', ['gcc 3.2.2', 'free 300000'], /\/usr\/src has 307\.2 MB free, and 433\.0 MB are needed/],
    ['room for the rest', ['gcc 3.2.2', 'free 300000', 'unpacked'], undefined],
  ])('%s', (_, lines, message) => {
    if (message) expect(problem(lines)).toMatch(message);
    else expect(problem(lines)).toBeUndefined();
  });

  test('a clock that is near enough', () => {
    expect(problem(well, now + 80_000)).toBeUndefined();
    expect(problem(well, now + 100_000)).toMatch(/its clock says 2025-11-22, this machine's 2025-11-23/);
    expect(problem(well, now - 400 * 86_400)).toMatch(/its clock says 2025-11-22/);
  });

  test('of a kernel of one’s own, the compiler is not judged', () => {
    const mine = buildOf(
      kernelBundle({ ...PROFILES.tutorial, own: true, artifacts: [] }, '', new Map()),
      '',
      new Map(),
      1,
    );
    expect(problem(['gcc 12', 'free 9000000'], now, mine)).toBeUndefined();
  });

  test('is looked at again once a package manager has brought the tools', () => {
    const change = resource.plan(said('missing gcc\nfree 900000\n'), {
      changing: new Set(['packages kernel build tools']),
    });
    expect(change?.apply.text).toContain('gcc -dumpversion');
  });
});

describe('the survey', () => {
  const survey = (shown: Parameters<typeof host>[0], profile = 'tutorial', name = 'rs1') =>
    input(kernelSurvey, allowed(profile), name, host(shown));
  const rh9 = { release: '2.4.20-8', ...redirect };

  test('wants a kernel where the running one will not do, and names its files', () => {
    const wanted = survey(rh9);
    expect(Object.keys(kernelSurvey.publish?.(wanted) ?? {})).toEqual(['kernel.profile', 'kernel.config']);
    expect(kernelSurvey.artifacts?.(wanted)).toEqual(PROFILES.tutorial.artifacts);
    expect(kernelSurvey.remarks?.(wanted)).toEqual([
      expect.stringMatching(/^real server of ftp: build and boot Linux 2\.4\.20/),
    ]);
    const ours = survey(rh9, 'own', 'director');
    expect(Object.keys(kernelSurvey.publish?.(ours) ?? {})).toEqual(['kernel.profile']);
    expect(kernelSurvey.resources(ours)).toEqual([]);
  });

  test.each([
    [
      'a kernel of today',
      { release: '6.1.0-18-amd64', ipvs: 'module', arp: ['arp_ignore', 'arp_announce'] as const },
      'director',
    ],
    ['a kernel that lvsctl built', { release: '2.4.20-lvs3f2a1c9d' }, 'director'],
    ['the part of a client', rh9, 'client'],
  ])('wants nothing with %s', (_, shown, name) => {
    const found = survey(shown, 'tutorial', name);
    expect(kernelSurvey.publish?.(found)).toEqual({});
    expect(kernelSurvey.resources(found)).toEqual([]);
    expect(kernelSurvey.artifacts?.(found)).toEqual([]);
  });

  test('says when a kernel that lvsctl built will not do', () => {
    expect(kernelSurvey.remarks?.(survey({ release: '2.4.20-lvs3f2a1c9d' }))).toEqual([
      expect.stringMatching(/was built by lvsctl, and yet it will not do as real server of ftp/),
    ]);
  });
});

test('a host of the cluster builds for the others', () => {
  expect(hostOf(allowed('safer'), 'rs1').kernel).toEqual({ rebuild: true, profile: 'safer' });
});

describe.each(shells)('a source, in $name', (shell) => {
  test.each([
    ['2.4.20', '2.4.20', true],
    ['2.4.37.11', '2.4.37', true],
    ['2.4.37.11', '2.4.3', false],
    ['2.4.20', '2.4.20-8custom', false],
    ['2.4.20', '2.4.18', false],
  ])('for Linux %s that calls itself %s: %s', (wanted, is, fits) => {
    const script = shLines(ofVersion, sh`if of_version ${wanted} ${is}; then echo fits; else echo other; fi`);
    expect(runIn(shell, script).stdout.trim()).toBe(fits ? 'fits' : 'other');
  });
});
