import { type KernelRange, type KernelVersion, madeFrom } from './version.js';

/** An ipvsadm to build from source, where no package serves. */
export interface IpvsadmRelease extends KernelRange {
  readonly version: string;
  /** Name in the catalogue of artifacts. */
  readonly artifact: string;
  /** Major version of libnl that it is built with. */
  readonly libnl?: 1 | 3;
  readonly note: string;
  readonly sources: readonly string[];
}

const pld = "PLD Linux's ipvsadm.spec";

export const IPVSADM_RELEASES: readonly IpvsadmRelease[] = [
  {
    version: '1.21',
    artifact: 'ipvsadm-1.21',
    first: '2.4.0',
    last: '2.4.28',
    note: 'reads the headers in /usr/src/linux: the patched tree must be linked there; without libpopt.a it has no -S and -R; make -j1',
    sources: ['the tutorial', pld, "Gentoo's ebuild (refuses 2.6)", 'Makefiles of 1.15 and 1.24'],
  },
  {
    version: '1.21-11',
    artifact: 'ipvsadm-1.21-11',
    first: '2.4.29',
    last: '2.4.99',
    note: 'reads the headers in /usr/src/linux; make -j1',
    sources: [`${pld} (conflicts with kernels before 2.4.29)`],
  },
  {
    version: '1.24',
    artifact: 'ipvsadm-1.24',
    first: '2.6.0-test1',
    last: '2.6.27.4',
    note: 'reads the headers in /usr/src/linux; make -j1',
    sources: ["Gentoo's ChangeLog", 'software page of the LVS project (2.6.10 to 2.6.27.4)'],
  },
  {
    version: '1.31',
    artifact: 'ipvsadm-1.31',
    first: '2.6.28-rc3',
    libnl: 3,
    note: 'needs libpopt and libnl 3.2 or later',
    sources: [pld, "Gentoo's manifest"],
  },
  {
    version: '1.26',
    artifact: 'ipvsadm-1.26',
    first: '2.6.28-rc3',
    libnl: 1,
    note: 'for systems whose libnl is 1.x',
    sources: ['software page of the LVS project (from 2.6.28-rc3 on)', pld],
  },
];

/** What fits a kernel, the best first; a vendor's kernel by the release it was made from. Empty for kernels before 2.4 and for 2.5. */
export function ipvsadmFor(version: KernelVersion): readonly IpvsadmRelease[] {
  return IPVSADM_RELEASES.filter((each) => madeFrom(version, each));
}
