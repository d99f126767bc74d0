import type { CheckInput } from '../inventory/check-of.js';
import type { Forwarding, Protocol } from '../inventory/cluster.js';
import type { Tunnel } from '../ipvs/index.js';
import type { DraftKeepalived } from './draft.js';
import type { Ledger } from './ledger.js';

export const FORMATS = ['ipvsadm', 'keepalived', 'ldirectord'] as const;
export type ImportFormat = (typeof FORMATS)[number];

/** A word of the file, and the line that it stands in. */
export interface Said<Value> {
  readonly value: Value;
  readonly line: number;
}

/** What a file says of a cluster, before it is made fit for an inventory. */
export interface Imported {
  readonly ledger: Ledger;
  readonly services: readonly ImportedService[];
  /** Directors' own addresses; the first is of the one that the file is from. */
  readonly directors: readonly Said<string>[];
  /** The name of the director that the file is from. */
  readonly directorName?: Said<string> | undefined;
  /** Addresses that directors hold, with the prefix length where one is said. */
  readonly vips: readonly ImportedVip[];
  readonly interface?: Said<string> | undefined;
  readonly timeouts?: Said<ImportedTimeouts> | undefined;
  readonly sync?: Said<ImportedSync> | undefined;
  /** Of the first VRRP instance; its lines are in the ledger. */
  readonly keepalived?: DraftKeepalived | undefined;
}

export interface ImportedVip extends Said<string> {
  /** Without the interface: `100`. */
  readonly label?: string;
}

/** Seconds. */
export interface ImportedTimeouts {
  readonly tcp?: number;
  readonly tcpFin?: number;
  readonly udp?: number;
}

export interface ImportedSync {
  readonly interface?: string;
  readonly id?: number;
  readonly group?: string;
  readonly port?: number;
  readonly ttl?: number;
}

export type ImportedIdentity =
  | {
      readonly kind: 'address';
      readonly protocol: Protocol;
      /** Canonical address, or a name. */
      readonly address: string;
      readonly port: number;
    }
  | {
      readonly kind: 'mark';
      readonly mark: number;
      readonly family: 4 | 6;
      /** Of the marked packets, where the file says it. */
      readonly protocol?: Protocol;
    };

export interface ImportedService {
  /** Where it begins: what is wrong with the whole of it is said there. */
  readonly line: number;
  /** All lines that it came from, without those of its real servers. */
  readonly lines: readonly number[];
  readonly name?: string | undefined;
  readonly id: ImportedIdentity;
  readonly scheduler?: Said<string> | undefined;
  readonly schedulerFlags: readonly Said<string>[];
  readonly persistence?: ImportedPersistence | undefined;
  readonly onePacket?: Said<true> | undefined;
  readonly realServers: readonly ImportedRealServer[];
  readonly sorry?: Said<ImportedSorry> | undefined;
  readonly quorum?: Said<number> | undefined;
  readonly hysteresis?: Said<number> | undefined;
}

export interface ImportedSorry {
  /** Canonical address, or a name. */
  readonly address: string;
  /** 0: as the service's. */
  readonly port: number;
  /** The service's where the file says nothing. */
  readonly forwarding?: Forwarding | undefined;
  /** All that say it, beside the one that names it. */
  readonly lines: readonly number[];
}

export interface ImportedCheck {
  /** Where it begins: what is wrong with the whole of it is said there. */
  readonly line: number;
  /** All lines that it came from, those of outer blocks too. */
  readonly lines: readonly number[];
  /** Without a port. */
  readonly check: CheckInput;
  /** Whom it asks; the real server by its own address when absent. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  /** Of its packets. `way`: a service by this mark leads them to the real server, whatever address they have. */
  readonly mark?: (Said<number> & { readonly way?: boolean }) | undefined;
}

export interface ImportedPersistence {
  readonly seconds: Said<number>;
  /** Dotted quad for IPv4, prefix length for IPv6. */
  readonly netmask?: Said<string> | undefined;
  readonly engine?: Said<string> | undefined;
}

export interface ImportedRealServer {
  readonly line: number;
  readonly lines: readonly number[];
  /** Canonical address, or a name. */
  readonly address: string;
  /** 0: as the service's. */
  readonly port: number;
  readonly forwarding: Forwarding;
  readonly weight: Said<number>;
  readonly upperThreshold?: Said<number> | undefined;
  readonly lowerThreshold?: Said<number> | undefined;
  readonly tunnel?: Said<Tunnel> | undefined;
  readonly checks?: readonly ImportedCheck[] | undefined;
}
