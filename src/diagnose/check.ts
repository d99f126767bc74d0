import type { Cluster, ClusterHost, Service } from '../inventory/cluster.js';
import type { Sh } from '../shell/index.js';
import type { Case } from '../verify/explain.js';
import type { Fix, Reason } from '../verify/reason.js';

/** Whose part in a service it is that a check looks at. */
export type Where = 'director' | 'realServer' | 'probe';

/**
 * `stops`: no connection works. `some`: those to one real server, or of some clients, fail or go astray.
 * `later`: all works until something happens: a reboot, a failover, load. `advice`: no fault, and no reason for an exit status.
 */
export type Severity = 'stops' | 'some' | 'later' | 'advice';

/** A look at one host, and the services of this run that the host has a part in. */
export interface Site {
  readonly host: ClusterHost;
  readonly cluster: Cluster;
  readonly services: readonly Service[];
}

/** What a probe could not see, with the reason. */
export interface Unseen {
  readonly unseen: string;
}

/**
 * A script that reads and changes nothing, and what it printed as a value. All probes of a host travel in one trip; several
 * checks may share one. It needs only what Red Hat 9 had, or says `unseen: REASON` on its only line.
 */
export interface Probe<T> {
  readonly name: string;
  readonly script: (site: Site) => Sh;
  /** Total. */
  readonly read: (text: string, site: Site) => T | Unseen;
}

/** All that is known of one service, for the rules. */
export interface Scene extends Case {
  readonly cluster: Cluster;
  /** Probe hosts that could be asked. */
  readonly probes: readonly string[];
  /** What the rules of `verify` find in the same evidence. */
  readonly reasons: readonly Reason[];
  /** Directors of the service keep weights by themselves (keepalived), so a weight is no drift. */
  readonly keepalived: boolean;
  /** What a connection to the VIP came to, by probe host; without those that made none. */
  readonly connected: ReadonlyMap<string, Connected>;
  /** What a probe saw on a host; undefined where it did not, or could not, look. */
  look<T>(host: string, probe: Probe<T>): T | undefined;
}

export interface Connected {
  readonly answered: boolean;
  /** The error, of one that was not. */
  readonly text: string;
}

/** What a rule says: the check's own name comes from the catalogue. */
export type Told = Omit<Reason, 'check'> & { readonly evidence: string };

/** One entry of the table of causes. */
export interface Check {
  readonly id: string;
  /** What clients or operators see of it. */
  readonly symptom: string;
  readonly where: Where;
  readonly severity: Severity;
  /** Whether it may be at fault in this service at all; in every one unless said. */
  readonly concerns?: (service: Service, cluster: Cluster) => boolean;
  /** On every host of `where`. */
  readonly probes: readonly Probe<unknown>[];
  /** Asked only where no other check found why connections fail. */
  readonly lastResort?: boolean;
  /** Pure. */
  readonly rule: (scene: Scene) => Told[];
}

export interface Finding {
  readonly check: string;
  /** Those that it was found in. */
  readonly services: readonly string[];
  readonly host?: string;
  readonly severity: Severity;
  readonly symptom: string;
  readonly cause: string;
  readonly evidence: string;
  readonly fix: Fix;
}

/** A host that a check could not look at. */
export interface Blind {
  readonly check: string;
  readonly host: string;
  readonly reason: string;
}

/** What was made of one service. */
export interface Examined {
  readonly service: string;
  /** `10.83.33.100:21/tcp`. */
  readonly endpoint: string;
  /** Checks that looked at one host at least, and those of them that found nothing. */
  readonly looked: number;
  readonly silent: readonly string[];
  readonly blind: readonly Blind[];
  /** `client: answered`, one for each probe host that connected. */
  readonly connections: readonly {
    readonly from: string;
    readonly answered: boolean;
    readonly text: string;
  }[];
}

export interface Diagnosis {
  /** The most likely cause first. */
  readonly findings: readonly Finding[];
  readonly examined: readonly Examined[];
}

/** The hosts of a service in one part, in the inventory's order. */
export function hostsOf(where: Where, service: Service, cluster: Cluster): string[] {
  switch (where) {
    case 'director':
      return [...service.directors];
    case 'realServer':
      return [...new Set(service.realServers.map(({ host }) => host))];
    case 'probe':
      return [...cluster.probes];
  }
}

export function isUnseen(value: unknown): value is Unseen {
  return typeof value === 'object' && value !== null && 'unseen' in value;
}
