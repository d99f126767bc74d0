/** Result of the traffic check of one service from one probe host. */
export interface VerifyReport {
  readonly service: string;
  /** `10.83.33.100:21/tcp`. */
  readonly endpoint: string;
  readonly from: string;
  readonly connections: number;
  readonly failedConnections: number;
  readonly shares: readonly RealServerShare[];
  /** MAC addresses that answered ARP for the VIP, with the host they belong to where known. */
  readonly arp: readonly { readonly mac: string; readonly host: string | undefined }[];
  /** Sentences: first the causes, then what was seen of them. Empty means proven. */
  readonly problems: readonly string[];
}

export interface RealServerShare {
  readonly host: string;
  readonly address: string;
  readonly weight: number;
  /** Share of the connections that the scheduler should give, 0–1; undefined where it promises none (lc, sh …). */
  readonly expected: number | undefined;
  /** Logins whose banner or body was this server's, or undefined when the service shows none that can be told apart. */
  readonly answered: number | undefined;
  /** Connections by the director's counters. */
  readonly counted: number | undefined;
}
