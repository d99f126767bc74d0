import type { CheckInput } from '../inventory/check-of.js';
import type { Forwarding, Protocol } from '../inventory/cluster.js';

/** What no such file says, and the operator fills in. It is no address and no port, so `lvsctl validate` names each of them. */
export const GAP = 'FILL IN';

/** An inventory in the making: what its text is written from. */
export interface InventoryDraft {
  readonly interface?: string;
  readonly directors: readonly DraftHost[];
  readonly realServers: readonly DraftHost[];
  readonly services: readonly DraftService[];
  /** Present where keepalived must run, perhaps empty. */
  readonly keepalived?: DraftKeepalived;
  readonly ipvs?: {
    readonly timeouts?: Readonly<Record<string, number>>;
    readonly sync?: Readonly<Record<string, string | number>>;
  };
}

export interface DraftKeepalived {
  readonly id?: number;
  readonly advertSeconds?: number;
  readonly unicast?: boolean;
  readonly preempt?: boolean;
  readonly preemptDelaySeconds?: number;
}

/** With its times always: keepalived's defaults are others. */
export type DraftCheck = CheckInput;

export interface DraftHost {
  readonly name: string;
  /** With prefix length, or {@link GAP}. */
  readonly address: string;
  readonly comment: string;
}

export interface DraftService {
  readonly name: string;
  readonly comment?: string;
  /** Or {@link GAP}. */
  readonly vip: string;
  /** Absent of a mark. */
  readonly port?: number;
  readonly fwmark?: number;
  readonly protocol: Protocol;
  readonly scheduler?: string;
  readonly schedulerFlags: readonly string[];
  readonly forwarding: Forwarding;
  readonly persistence?: {
    readonly seconds: number;
    readonly netmask?: string | number;
    readonly engine?: 'sip';
  };
  readonly onePacket: boolean;
  readonly label?: string;
  readonly checks?: readonly DraftCheck[];
  readonly sorry?: { readonly host: string; readonly port?: number };
  readonly quorum?: number;
  readonly hysteresis?: number;
  readonly realServers: readonly DraftRealServer[];
}

export interface DraftRealServer {
  readonly host: string;
  readonly port?: number;
  /** Said always: 1 is what an inventory takes when it says nothing, but a reader may not know. */
  readonly weight: number;
  readonly upperThreshold?: number;
  readonly lowerThreshold?: number;
  readonly tunnel?: {
    readonly type: 'ipip' | 'gue' | 'gre';
    readonly port?: number;
    readonly checksum?: 'none' | 'full' | 'remote';
  };
}
