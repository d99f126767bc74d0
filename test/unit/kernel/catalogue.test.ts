import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ARP_FLAGS,
  ARTIFACTS,
  artifactNamed,
  compareKernelVersions,
  HIDDEN_PATCHES,
  hasArpFlag,
  hiddenPatchFor,
  IPVS_RELEASES,
  IPVSADM_RELEASES,
  inRange,
  ipvsadmFor,
  ipvsReleaseFor,
  type KernelVersion,
  parseKernelVersion,
  schedulersOf,
  vendorKernel,
} from '../../../src/kernel/index.js';

function version(text: string): KernelVersion {
  const parsed = parseKernelVersion(text);
  if (!parsed) throw new Error(`${text} is none`);
  return parsed;
}

describe('hidden patches', () => {
  test.each([
    ['2.4.3', undefined],
    ['2.4.4', 'hidden-2.4.4-1.diff'],
    ['2.4.5', 'hidden-2.4.5-1.diff'],
    ['2.4.19-pre4', 'hidden-2.4.5-1.diff'],
    ['2.4.19-pre5', 'hidden-2.4.19pre5-1.diff'],
    ['2.4.19', 'hidden-2.4.19pre5-1.diff'],
    ['2.4.20-pre9', 'hidden-2.4.19pre5-1.diff'],
    ['2.4.20pre9', 'hidden-2.4.19pre5-1.diff'],
    ['2.4.20pre10', 'hidden-2.4.20pre10-1.diff'],
    ['2.4.20-rc1', 'hidden-2.4.20pre10-1.diff'],
    ['2.4.20', 'hidden-2.4.20pre10-1.diff'],
    ['2.4.20-lvs1', 'hidden-2.4.20pre10-1.diff'],
    ['2.4.24', 'hidden-2.4.20pre10-1.diff'],
    ['2.4.25-pre1', undefined],
    ['2.4.25', 'hidden-2.4.25-1.diff'],
    ['2.4.26', 'hidden-2.4.26-1.diff'],
    ['2.4.27', 'hidden-2.4.26-1.diff'],
    ['2.4.28', 'hidden-2.4.28-1.diff'],
    ['2.4.30', 'hidden-2.4.28-1.diff'],
    ['2.4.31', undefined],
    ['2.5.66', undefined],
    ['2.5.67', 'hidden-2.5.67-1.diff'],
    ['2.6.0-test1', 'hidden-2.5.67-1.diff'],
    ['2.6.2', 'hidden-2.5.67-1.diff'],
    ['2.6.3', 'hidden-2.6.3-1.diff'],
    ['2.6.8', 'hidden-2.6.4-1.diff'],
    ['2.6.11', 'hidden-2.6.9-1.diff'],
    ['2.6.12', undefined],
    // Red Hat's releases look like pre-releases, and are none.
    ['2.4.20-8', undefined],
    ['2.4.20-20.9smp', undefined],
    ['2.4.21-40.EL', undefined],
    ['2.4.20-ac2', undefined],
  ])('for %s: %s', (kernel, file) => expect(hiddenPatchFor(version(kernel))?.file).toBe(file));

  test('are eleven, without overlap, each made before the last kernel that it is for was left behind', () => {
    expect(HIDDEN_PATCHES).toHaveLength(11);
    for (const [i, patch] of HIDDEN_PATCHES.entries()) {
      expect(compareKernelVersions(version(patch.first), version(patch.last))).toBeLessThanOrEqual(0);
      const next = HIDDEN_PATCHES[i + 1];
      if (next) expect(compareKernelVersions(version(patch.last), version(next.first))).toBeLessThan(0);
      expect(new Date(patch.made).toISOString()).toMatch(patch.made);
    }
  });
});

describe('IPVS', () => {
  test.each([
    ['2.2.19', 'tarball', '1.0.8'],
    ['2.4.17', 'tarball', '0.9.8'],
    ['2.4.20', 'tarball', '1.0.9'],
    ['2.4.22', 'tarball', '1.0.10'],
    ['2.4.23', 'source', '1.0.10'],
    ['2.4.26', 'source', '1.0.11'],
    ['2.4.28', 'source', '1.0.12'],
    ['2.4.37.11', 'source', undefined],
    ['2.6.0-test1', 'source', '1.1.8'],
    ['2.6.0', 'source', '1.1.8'],
    ['2.6.4', 'source', '1.2.0'],
    ['2.6.10', 'source', '1.2.1'],
    ['6.12.1', 'source', '1.2.1'],
  ])('of %s: %s %s', (kernel, from, first) => {
    const found = ipvsReleaseFor(version(kernel));
    expect([found?.from, found?.versions[0]]).toEqual([from, first]);
  });

  test.each(['2.5.67', '2.4.23-pre5', '2.4.20-8', '6.1.0-18-amd64'])(
    'of %s is not told by the table',
    (kernel) => expect(ipvsReleaseFor(version(kernel))).toBeUndefined(),
  );

  test('1.0.8 of the 2.2 line is not that of the 2.4 line', () => {
    const lines = IPVS_RELEASES.filter(({ versions }) => versions.includes('1.0.8')).map(({ line }) => line);
    expect(lines).toEqual(['2.2']);
    expect(ARTIFACTS.map(({ file }) => file)).not.toContain('ipvs-1.0.8.tar.gz');
  });

  test('has sed and nq since 1.0.10, and 1.0.9 is left open', () => {
    const of = (text: string) => schedulersOf(text);
    expect(of('1.0.8')?.has).not.toContain('sed');
    expect(of('1.0.9')).toMatchObject({ has: expect.not.arrayContaining(['sed']), unsure: ['sed', 'nq'] });
    expect(of('1.0.10')?.has).toEqual(expect.arrayContaining(['wrr', 'sed', 'nq']));
    expect(of('1.1.8')?.has).toContain('nq');
    expect(of('1.2.1')).toBeUndefined();
  });
});

test('a kernel is in one row of a table at most', () => {
  const numbers = fc.tuple(
    fc.constantFrom('2.2', '2.4', '2.5', '2.6', '6.1'),
    fc.nat({ max: 40 }),
    fc.constantFrom('', '-pre3', '-rc1', '-test1'),
  );
  fc.assert(
    fc.property(numbers, ([series, number, stage]) => {
      const kernel = version(`${series}.${number}${stage}`);
      for (const table of [HIDDEN_PATCHES, IPVS_RELEASES])
        expect(table.filter((row) => inRange(kernel, row)).length).toBeLessThanOrEqual(1);
    }),
  );
});

describe('ARP flags', () => {
  test.each([
    ['2.4.25', false],
    ['2.4.26', true],
    ['2.4.26-pre1', false],
    ['2.6.3', false],
    ['2.6.4-rc1', true],
    ['2.6.4', true],
    ['2.5.75', false],
    ['2.4.20-8', false],
    ['6.1.0-18-amd64', true],
  ])('%s has arp_ignore and arp_announce: %s', (kernel, has) => {
    expect(hasArpFlag(version(kernel), 'arp_ignore')).toBe(has);
    expect(hasArpFlag(version(kernel), 'arp_announce')).toBe(has);
  });

  test('the older ones', () => {
    expect([hasArpFlag(version('2.4.4'), 'arp_filter'), hasArpFlag(version('2.4.5'), 'arp_filter')]).toEqual([
      false,
      true,
    ]);
    expect([hasArpFlag(version('2.4.18'), 'medium_id'), hasArpFlag(version('2.4.19'), 'medium_id')]).toEqual([
      false,
      true,
    ]);
  });
});

describe("vendors' kernels", () => {
  test.each([
    ['2.4.18-14', 'Red Hat Linux 8.0', { version: '1.0.4' }, true, []],
    ['2.4.20-8', 'Red Hat Linux 9', 'none', undefined, []],
    ['2.4.20-20.9bigmem', 'Red Hat Linux 9', 'none', undefined, []],
    ['2.4.21-4.EL', 'Red Hat Enterprise Linux 3', { version: '1.0.8' }, true, []],
    ['2.4.21-37.ELsmp', 'Red Hat Enterprise Linux 3', { version: '1.0.8' }, true, []],
    ['2.4.21-40.EL', 'Red Hat Enterprise Linux 3', { version: '1.0.8' }, true, ['arp_announce']],
    ['2.4.21-47.0.1.EL', 'Red Hat Enterprise Linux 3', { version: '1.0.8' }, true, ['arp_announce']],
  ])('%s is of %s', (kernel, name, ipvs, arptables, backports) =>
    expect(vendorKernel(version(kernel))).toMatchObject({ name, ipvs, arptables, backports }),
  );

  // 2.4.18-3 is Red Hat 7.3's, of which nothing was established.
  test.each(['2.4.18-3', '2.4.20', '2.4.21', '2.4.20-28.8', '6.1.0-18-amd64'])(
    '%s is none that is known',
    (kernel) => expect(vendorKernel(version(kernel))).toBeUndefined(),
  );
});

describe('ipvsadm', () => {
  test.each([
    ['2.4.20', ['1.21']],
    ['2.4.18-14', ['1.21']],
    ['2.4.28', ['1.21']],
    ['2.4.29', ['1.21-11']],
    ['2.4.37.11', ['1.21-11']],
    ['2.6.0', ['1.24']],
    ['2.6.27.4', ['1.24']],
    ['2.6.28-rc3', ['1.31', '1.26']],
    ['6.1.0-18-amd64', ['1.31', '1.26']],
    ['2.2.19', []],
    ['2.5.67', []],
  ])('for %s: %j', (kernel, versions) =>
    expect(ipvsadmFor(version(kernel)).map((each) => each.version)).toEqual(versions),
  );

  test('is a file of the catalogue', () => {
    for (const each of IPVSADM_RELEASES) expect(artifactNamed(each.artifact).version).toBe(each.version);
  });
});

describe('artifacts', () => {
  test('have names and files of their own', () => {
    for (const key of ['name', 'file'] as const) {
      const all = ARTIFACTS.map((each) => each[key]);
      expect(all.filter((each, i) => all.indexOf(each) !== i)).toEqual([]);
    }
    expect(() => artifactNamed('linux-2.4.32')).toThrow('linux-2.4.32');
  });

  test('have digests of the right length, each with its source, and mirrors to put the file behind', () => {
    const lengths = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };
    for (const { digests, mirrors, size } of ARTIFACTS) {
      for (const { algorithm, hex, sources } of digests) {
        expect(hex).toMatch(/^[0-9a-f]+$/);
        expect(hex).toHaveLength(lengths[algorithm]);
        expect(sources.length).toBeGreaterThan(0);
      }
      expect(mirrors.length).toBeGreaterThan(0);
      for (const mirror of mirrors) expect(mirror).toMatch(/^https?:\/\/[a-z0-9.-]+\/.*\/$/);
      if (size !== undefined) expect(size).toBeGreaterThan(30_000);
    }
    const hexes = ARTIFACTS.flatMap(({ digests }) => digests.map(({ hex }) => hex));
    expect(new Set(hexes).size).toBe(hexes.length);
  });

  test('without an established digest have none, and no others', () => {
    const without = ARTIFACTS.filter(({ digests }) => digests.length === 0).map(({ kind }) => kind);
    expect(new Set(without)).toEqual(new Set(['ipvs', 'hidden']));
    for (const kind of ['ipvs', 'hidden'] as const)
      expect(ARTIFACTS.filter((each) => each.kind === kind && each.digests.length > 0)).toEqual([]);
  });

  test.each([
    ['linux-2.4.20', 'linux-2.4.20.tar.bz2', 27421046, 1],
    ['linux-2.4.20-gz', 'linux-2.4.20.tar.gz', undefined, 1],
    ['ipvsadm-1.21', 'ipvsadm-1.21.tar.gz', undefined, 2],
    ['ipvsadm-1.24', 'ipvsadm-1.24.tar.gz', undefined, 3],
    ['patch-2.4.37.11', 'patch-2.4.37.11.bz2', 55892, 2],
    ['hidden-2.4.20pre10-1', 'hidden-2.4.20pre10-1.diff', undefined, 0],
    ['ipvs-1.0.9', 'ipvs-1.0.9.tar.gz', undefined, 0],
  ])('%s', (name, file, size, digests) => {
    const found = artifactNamed(name);
    expect([found.file, found.size, found.digests.length]).toEqual([file, size, digests]);
  });
});

test('every fact names its source, in words that anybody can follow', () => {
  const sources = [
    ...HIDDEN_PATCHES,
    ...IPVS_RELEASES,
    ...ARP_FLAGS,
    ...IPVSADM_RELEASES,
    ...ARTIFACTS.flatMap(({ digests }) => digests),
  ].map((each) => each.sources);
  for (const list of sources) {
    expect(list.length).toBeGreaterThan(0);
    for (const source of list) expect(source).toMatch(/^[^/]*(\/[^/]*)?$/);
  }
});
