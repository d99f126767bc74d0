import type { ClusterHost, Service } from '../inventory/cluster.js';
import type { HostEvidence } from './evidence.js';
import type { Reason } from './reason.js';
import { arpReasons } from './reasons-arp.js';
import { directorReasons } from './reasons-director.js';
import { realServerReasons } from './reasons-server.js';

/** What a host told when it was asked, or why it could not be asked. */
export type Testimony = HostEvidence | { readonly unreachable: string };

/** All that is known of one service seen from one probe host, after something was found wrong with it. */
export interface Case {
  /** Path of the inventory, for commands that are named. */
  readonly file: string;
  readonly service: Service;
  readonly hosts: ReadonlyMap<string, ClusterHost>;
  /** Name of the director whose table is live. */
  readonly director: string;
  readonly testimony: ReadonlyMap<string, Testimony>;
  /** MAC addresses that answered for the VIP, with their host; undefined when nobody was asked. */
  readonly arp: readonly ArpAnswer[] | undefined;
  /** What a direct connection to a real server, past the director, came to: undefined is good, else the error. */
  readonly direct: ReadonlyMap<string, string | undefined>;
  /** Connections that the director sent to a real server and that nobody answered, where there were some. */
  readonly unanswered: ReadonlyMap<string, number>;
  /** keepalived has the VIPs and the table; unless given, it does where there are several directors. */
  readonly keepalived?: boolean;
}

export interface ArpAnswer {
  readonly mac: string;
  readonly host: string | undefined;
}

/** What the evidence shows to be wrong, in the order in which it is best mended. Pure. */
export function reasonsOf(found: Case): Reason[] {
  return [
    ...arpReasons(found),
    ...directorReasons(found),
    ...found.service.realServers
      .filter((server) => server.weight > 0)
      .flatMap((server) => realServerReasons(found, server)),
  ];
}

/** The causes that the evidence names, each a sentence. */
export function explain(found: Case): string[] {
  return [...new Set(reasonsOf(found).map(({ cause }) => cause))];
}
