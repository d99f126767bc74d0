import type { ClusterHost } from './cluster.js';

/** What lvsctl knows of a system that it does not log in to. */
export interface SystemTraits {
  /** As its makers write it. */
  readonly title: string;
  /** Usual name of the first NIC. */
  readonly interface: string;
  /**
   * Whether it can take IPIP out of packets, which LVS-TUN asks of a real server: gif(4) of the BSDs, and Solaris
   * (LVS knowledge base, "LVS/TUN mode with FreeBSD and Solaris realserver"). Windows dropped it with 2003 (LVS-HOWTO, LVS-Tun).
   */
  readonly ipip: boolean;
}

export const FOREIGN_SYSTEMS = {
  freebsd: { title: 'FreeBSD', interface: 'em0', ipip: true },
  openbsd: { title: 'OpenBSD', interface: 'em0', ipip: true },
  netbsd: { title: 'NetBSD', interface: 'wm0', ipip: true },
  macos: { title: 'macOS', interface: 'en0', ipip: true },
  solaris: { title: 'Solaris', interface: 'net0', ipip: true },
  aix: { title: 'AIX', interface: 'en0', ipip: false },
  hpux: { title: 'HP-UX', interface: 'lan0', ipip: false },
  windows: { title: 'Windows', interface: 'Ethernet', ipip: false },
} as const satisfies Readonly<Record<string, SystemTraits>>;

/** A system that lvsctl tells the commands for, and does not log in to. */
export type ForeignSystem = keyof typeof FOREIGN_SYSTEMS;

/** As the inventory's `os` names them. */
export const SYSTEMS = [
  'linux',
  'freebsd',
  'openbsd',
  'netbsd',
  'macos',
  'solaris',
  'aix',
  'hpux',
  'windows',
] as const satisfies readonly ('linux' | ForeignSystem)[];

/** A host that lvsctl does not log in to. */
export type ForeignHost = ClusterHost & { readonly os: ForeignSystem };

export function isForeign(host: ClusterHost): host is ForeignHost {
  return host.os !== undefined;
}

/** The hosts that lvsctl logs in to. */
export function managedHosts(hosts: Iterable<ClusterHost>): ClusterHost[] {
  return [...hosts].filter((host) => !isForeign(host));
}

export function titleOf(host: ForeignHost): string {
  return FOREIGN_SYSTEMS[host.os].title;
}

/** How to see what has to be done on a foreign host. @param file path of the inventory */
export function renderCommand(file: string, host: string): string {
  return `lvsctl render ${file} ${host}`;
}

/** What is said of a foreign host by a command that has nothing to do there. */
export function foreignRemark(file: string, host: ForeignHost): string {
  return `runs ${titleOf(host)}, and lvsctl does not log in there: \`${renderCommand(file, host.name)}\` shows the commands for it, \`lvsctl verify\` proves them from outside`;
}
