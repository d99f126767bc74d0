import type { Facts } from '../../../src/engine/facts.js';
import { debian, redhat9 } from '../resources/facts.js';

const CONF = '/proc/sys/net/ipv4/conf/all';

/** What a kernel shows, in short. */
export interface Shown {
  /** `uname -r`. */
  readonly release: string;
  /** `module`: modprobe finds it; a version: it runs, with this banner. */
  readonly ipvs?: 'module' | string;
  /** Settings in /proc/sys/net/ipv4/conf/all. */
  readonly arp?: readonly ('arp_ignore' | 'arp_announce' | 'hidden')[];
  readonly modules?: readonly string[];
  /** Beside modprobe. */
  readonly commands?: readonly string[];
  readonly paths?: readonly string[];
  readonly modprobe?: false;
  readonly sealed?: true;
}

/** Facts as a host with such a kernel would give them. */
export function host(shown: Shown): Facts {
  const base = /^2\./.test(shown.release) ? redhat9 : debian;
  return {
    ...base,
    kernel: { ...base.kernel, release: shown.release, sealed: shown.sealed ?? false },
    commands: new Set([...(shown.modprobe === false ? [] : ['modprobe']), ...(shown.commands ?? [])]),
    paths: new Set([...(shown.arp ?? []).map((name) => `${CONF}/${name}`), ...(shown.paths ?? [])]),
    modules: new Set(shown.modules ?? []),
    ipvs: {
      loaded: shown.ipvs !== undefined && shown.ipvs !== 'module',
      available: shown.ipvs !== undefined,
      version: shown.ipvs === 'module' ? undefined : shown.ipvs,
    },
  };
}

/** What iptables of the 2.4 era needs, as Red Hat shipped it. */
export const redirect = { commands: ['iptables'], modules: ['iptable_nat', 'ipt_REDIRECT'] } as const;
export const flags = ['arp_ignore', 'arp_announce'] as const;
