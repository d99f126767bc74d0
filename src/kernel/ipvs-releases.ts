import { inRange, type KernelRange, type KernelVersion } from './version.js';

/** Which IPVS goes with a range of mainline kernels. */
export interface IpvsRelease extends KernelRange {
  /** `source`: in the kernel's own source, to be switched on. `tarball`: from outside, to be patched in. */
  readonly from: 'source' | 'tarball';
  /**
   * What the versions belong to. The numbers of the 2.2 and of the 2.4 line overlap: `ipvs-1.0.8-2.2.19` and `ipvs-1.0.8` are
   * different software, so that a version alone names nothing.
   */
  readonly line: '2.2' | '2.4' | '2.6';
  /** Best known first; empty where nobody looked. */
  readonly versions: readonly string[];
  /** The versions are the ends of a row whose middle is not known. */
  readonly between?: true;
  readonly sources: readonly string[];
}

const pld = ["history of PLD Linux's kernel.spec"];
const version = ['IP_VS_VERSION_CODE in the source of Linux'];

export const IPVS_RELEASES: readonly IpvsRelease[] = [
  { first: '2.2.19', last: '2.2.19', from: 'tarball', line: '2.2', versions: ['1.0.8'], sources: pld },
  {
    first: '2.4.0',
    last: '2.4.4',
    from: 'tarball',
    line: '2.4',
    versions: ['0.2.8', '0.2.1'],
    between: true,
    sources: pld,
  },
  {
    first: '2.4.5',
    last: '2.4.9',
    from: 'tarball',
    line: '2.4',
    versions: ['0.9.0'],
    between: true,
    sources: pld,
  },
  { first: '2.4.10', last: '2.4.15', from: 'tarball', line: '2.4', versions: ['0.9.4'], sources: pld },
  {
    first: '2.4.16',
    last: '2.4.17',
    from: 'tarball',
    line: '2.4',
    versions: ['0.9.8', '0.9.7'],
    sources: pld,
  },
  {
    first: '2.4.18',
    last: '2.4.18',
    from: 'tarball',
    line: '2.4',
    versions: ['1.0.3', '1.0.0'],
    sources: pld,
  },
  {
    first: '2.4.19',
    last: '2.4.19',
    from: 'tarball',
    line: '2.4',
    versions: ['1.0.4', '1.0.3'],
    sources: pld,
  },
  {
    first: '2.4.20',
    last: '2.4.20',
    from: 'tarball',
    line: '2.4',
    versions: ['1.0.9', '1.0.7', '1.0.4'],
    sources: ['the tutorial (1.0.9)', "history of PLD Linux's kernel.spec (1.0.7, 1.0.4)"],
  },
  { first: '2.4.21', last: '2.4.21', from: 'tarball', line: '2.4', versions: ['1.0.7'], sources: pld },
  {
    first: '2.4.22',
    last: '2.4.22',
    from: 'tarball',
    line: '2.4',
    versions: ['1.0.10', '1.0.9', '1.0.7'],
    sources: [...pld, "Julian Anastasov's NFCT HOWTO (1.0.10 on 2.4.22)"],
  },
  { first: '2.4.23', last: '2.4.25', from: 'source', line: '2.4', versions: ['1.0.10'], sources: version },
  { first: '2.4.26', last: '2.4.27', from: 'source', line: '2.4', versions: ['1.0.11'], sources: version },
  { first: '2.4.28', last: '2.4.31', from: 'source', line: '2.4', versions: ['1.0.12'], sources: version },
  {
    first: '2.4.32',
    last: '2.4.99',
    from: 'source',
    line: '2.4',
    versions: [],
    sources: ['in the source of Linux since 2.4.23; its version was not looked up'],
  },
  {
    first: '2.6.0-test1',
    last: '2.6.3',
    from: 'source',
    line: '2.6',
    versions: ['1.1.8'],
    between: true,
    sources: [...version, 'added to Linux on 12 Jul 2003; looked up in 2.6.0 only'],
  },
  { first: '2.6.4', last: '2.6.9', from: 'source', line: '2.6', versions: ['1.2.0'], sources: version },
  { first: '2.6.10', from: 'source', line: '2.6', versions: ['1.2.1'], sources: version },
];

/** The IPVS of a mainline kernel; undefined where none is known (2.5, pre-releases of 2.4.23), and for every vendor's kernel. */
export function ipvsReleaseFor(version: KernelVersion): IpvsRelease | undefined {
  return IPVS_RELEASES.find((each) => inRange(version, each));
}

const OLD_SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh'];

/**
 * Schedulers of an IPVS version of the 2.4 and 2.6 lines: `sed` and `nq` came between 1.0.8 and 1.0.10; whether 1.0.9 has them is not
 * established. Undefined where this table says nothing: the kernel is asked by loading the module.
 * Source: Config.in of Linux 2.4.23, the source of RHEL 3's kernel.
 */
export function schedulersOf(
  ipvsVersion: string,
): { has: readonly string[]; unsure: readonly string[] } | undefined {
  const [major = 0, minor = 0, patch = 0] = ipvsVersion.split('.').map(Number);
  if (major !== 1 || minor > 1) return undefined;
  const both = ['sed', 'nq'];
  if (minor === 1 || patch >= 10) return { has: [...OLD_SCHEDULERS, ...both], unsure: [] };
  return { has: OLD_SCHEDULERS, unsure: patch === 9 ? both : [] };
}
