import type { IpvsSettings, SyncSettings } from '../inventory/cluster.js';
import { wholeNumber } from './text.js';

/** Seconds, as the kernel has them. */
export type Timeouts = Required<NonNullable<IpvsSettings['timeouts']>>;

/** Reads `ipvsadm -L --timeout`: `Timeout (tcp tcpfin udp): 900 120 300`. Undefined for anything else. */
export function parseTimeouts(text: string): Timeouts | undefined {
  const parts = /^Timeout \(tcp tcpfin udp\):\s+(\d+)\s+(\d+)\s+(\d+)\s*$/m.exec(text);
  const [tcp, tcpFin, udp] = (parts ?? []).slice(1).map((word) => wholeNumber(word));
  return tcp === undefined || tcpFin === undefined || udp === undefined ? undefined : { tcp, tcpFin, udp };
}

/** Arguments of ipvsadm; 0 keeps what the kernel has. */
export function timeoutArgs({ tcp = 0, tcpFin = 0, udp = 0 }: Partial<Timeouts>): string[] {
  return ['--set', ...[tcp, tcpFin, udp].map(String)];
}

/** A sync daemon of this kernel. What its ipvsadm does not show is undefined. */
export interface SyncDaemon {
  /** `master` tells others of its connections, `backup` takes note of theirs. */
  readonly state: 'master' | 'backup';
  readonly interface: string;
  readonly id: number | undefined;
  readonly maxLength: number | undefined;
  readonly group: string | undefined;
  readonly port: number | undefined;
  readonly ttl: number | undefined;
}

/**
 * Reads `ipvsadm -L --daemon`, whose lines say more with each version; nothing where none runs. Total.
 * `master sync daemon (mcast=v0, syncid=7, maxlen=1400, group=224.0.0.81, port=8848, ttl=1)`
 */
export function parseDaemons(text: string): SyncDaemon[] {
  return text.split('\n').flatMap((line): SyncDaemon[] => {
    const parts = /^\s*(master|backup) sync daemon \(([^)]*)\)\s*$/.exec(line);
    if (parts === null) return [];
    const said = new Map(
      (parts[2] ?? '').split(',').map((part) => {
        const [key = '', value = ''] = part.trim().split('=');
        return [key, value] as const;
      }),
    );
    const name = said.get('mcast') ?? '';
    if (name === '') return [];
    const number = (key: string) => wholeNumber(said.get(key));
    return [
      {
        state: parts[1] === 'master' ? 'master' : 'backup',
        interface: name,
        id: number('syncid'),
        maxLength: number('maxlen'),
        group: said.get('group'),
        port: number('port'),
        ttl: number('ttl'),
      },
    ];
  });
}

/** Arguments of ipvsadm that start a daemon; what the inventory leaves out is the kernel's choice. */
export function daemonArgs(
  state: SyncDaemon['state'],
  { interface: name, id, group, port, ttl }: SyncSettings & { readonly interface: string },
): string[] {
  return [
    '--start-daemon',
    state,
    '--mcast-interface',
    name,
    '--syncid',
    String(id),
    ...(group === undefined ? [] : ['--mcast-group', group]),
    ...(port === undefined ? [] : ['--mcast-port', String(port)]),
    ...(ttl === undefined ? [] : ['--mcast-ttl', String(ttl)]),
  ];
}
