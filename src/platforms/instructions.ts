import type { Service } from '../inventory/cluster.js';
import type { ForeignSystem } from '../inventory/systems.js';

/** Where a command is known from. */
export interface Source {
  readonly name: string;
  /** Known to those who write such systems up, and taken from no document that we read: to be tried before it is relied on. */
  readonly general: boolean;
}

/** Lines that belong together, and what they do. */
export interface Step {
  /** `the VIP 10.83.33.100 on the loopback interface` */
  readonly purpose: string;
  /** `shell`: commands for root. `cmd`: for a Windows prompt with administrator's rights. `file`: lines of `file`. `hand`: words for who sits there. */
  readonly kind: 'shell' | 'cmd' | 'file' | 'hand';
  /** Absolute path of the file that gets the lines. */
  readonly file?: string;
  readonly lines: readonly string[];
  readonly sources: readonly Source[];
}

/** The steps for one range of a system's versions. */
export interface Edition {
  /** `Solaris 11`; the system's name where all versions are alike. */
  readonly name: string;
  /** What makes it so at once. */
  readonly now: readonly Step[];
  /** What makes it so after a reboot; empty where `now` does that too. */
  readonly atBoot: readonly Step[];
  /** What takes it back, now and after a reboot. */
  readonly undo: readonly Step[];
}

/** Something to know, with its source. */
export interface Note {
  readonly text: string;
  readonly sources: readonly Source[];
}

/** What a system's renderer gives. */
export interface Rendering {
  readonly editions: readonly Edition[];
  /** Why it does not answer ARP for the VIPs; absent where it holds none. */
  readonly arp?: Note;
  readonly cautions: readonly Note[];
}

/** All that an operator needs to make one host that is not Linux a real server. Plain JSON values. */
export interface Instructions extends Rendering {
  readonly os: ForeignSystem;
  /** `FreeBSD` */
  readonly system: string;
  readonly host: string;
  readonly address: string;
  /** Sentences: which VIPs it holds for which services, and where its answers go. */
  readonly tasks: readonly string[];
  /** That nobody ran these commands there. */
  readonly notRun: string;
  /** Commands of lvsctl that prove it from outside. */
  readonly proof: readonly string[];
}

/** What a real server has to do for the cluster, whatever its system. */
export interface Duty {
  readonly host: string;
  readonly address: string;
  /** `255.255.255.0` */
  readonly netmask: string;
  readonly interface: string;
  /** VIPs to hold quietly (DR and TUN), each once, in the inventory's order. */
  readonly vips: readonly string[];
  /** Addresses of the directors whose tunnels end here, each once. */
  readonly tunnels: readonly string[];
  /** Address of the director that answers of NAT services have to go back through. */
  readonly gateway: string | undefined;
  readonly services: readonly Service[];
}
