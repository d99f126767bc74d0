import type { WeightRecord } from '../ipvs/recorded.js';
import type { KeptDirector } from '../keepalived/file.js';

/** What one trip tells of a host. A capability that is not listed is absent: nothing newer than Red Hat 9 is assumed. */
export interface Facts {
  readonly hostname: string;
  readonly os: {
    readonly id: string;
    readonly version: string;
    readonly name: string;
    readonly like: readonly string[];
  };
  readonly kernel: {
    readonly release: string;
    readonly machine: string;
    /** True where modules can no longer be loaded until the next boot (kernel.modules_disabled). */
    readonly sealed: boolean;
  };
  readonly init: 'systemd' | 'openrc' | 'sysv';
  readonly packageManager: 'apt' | 'dnf' | 'yum' | 'zypper' | 'apk' | 'pacman' | undefined;
  /** Commands found in root's PATH, of those that roles ask for. */
  readonly commands: ReadonlySet<string>;
  readonly interfaces: readonly NetworkInterface[];
  /** Existing paths, of those that roles ask for (e.g. /etc/sysctl.d, /proc/sys/net/ipv4/conf/all/arp_ignore). */
  readonly paths: ReadonlySet<string>;
  /** Names of module files for the running kernel, of those that decisions about kernels rest on (e.g. arptable_filter). */
  readonly modules: ReadonlySet<string>;
  readonly ipvs: {
    readonly loaded: boolean;
    readonly available: boolean;
    readonly version: string | undefined;
  };
  /** keepalived: whether it runs, and whether its file is one that lvsctl wrote, and for whom; absent where neither is so. */
  readonly keepalived?: {
    readonly running: boolean;
    readonly ours: boolean;
    readonly director?: KeptDirector;
    /** What a file of lvsctl's has it move: VIPs, and the gateways of NAT; absent where there is none in it. */
    readonly moves?: readonly string[];
  };
  /** Addresses of all interfaces, where IPVS is loaded and keepalived does not run: VIPs that nobody but the host itself holds. */
  readonly heldAlone?: readonly string[];
  /** Random id of this boot; empty where the kernel has none. */
  readonly bootId: string;
  /** Its boot scripts were still at work, and had been waited for. */
  readonly booting?: true;
  readonly memoryKiB: number;
  readonly processors: number;
  /** Host's clock, seconds since 1970. */
  readonly epochSeconds: number;
  /** Weights that an operator has set on this director (`lvsctl drain`); empty on every other host. */
  readonly recorded: WeightRecord;
}

export interface NetworkInterface {
  readonly name: string;
  readonly mac: string | undefined;
  readonly mtu: number | undefined;
  readonly up: boolean;
}
