import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import type { IpvsSettings, SyncSettings } from '../inventory/cluster.js';
import {
  daemonArgs,
  parseDaemons,
  parseTimeouts,
  type SyncDaemon,
  type Timeouts,
  timeoutArgs,
} from '../ipvs/index.js';
import { sh, shLines, trusted } from '../shell/index.js';
import { observedText } from './observed.js';

/** ipvsadm would load ip_vs to answer, which a probe must not; nor can it answer before it is installed. */
const asked = (question: string) =>
  trusted(`\
if [ -r /proc/net/ip_vs ] && command -v ipvsadm >/dev/null 2>&1; then
  ipvsadm -L ${question}
fi`);

const unknown = 'unknown';

/** Seconds after which the director forgets idle connections; what is not given is left alone. */
export function ipvsTimeouts(wanted: NonNullable<IpvsSettings['timeouts']>): Resource {
  const id = 'ipvs timeouts';
  const names = { tcp: 'TCP', tcpFin: 'TCP after FIN', udp: 'UDP' } as const;
  return {
    id,
    probe: asked('--timeout'),
    plan(observed): Change | undefined {
      const found: Partial<Timeouts> = parseTimeouts(observedText(id, observed)) ?? {};
      const wrong = (Object.keys(names) as (keyof Timeouts)[]).filter(
        (key) => wanted[key] !== undefined && wanted[key] !== found[key],
      );
      if (wrong.length === 0) return undefined;
      const text = (key: keyof Timeouts) => `${names[key]} to ${wanted[key]} s (is ${found[key] ?? unknown})`;
      return {
        summary: `set the timeout of ${wrong.map(text).join(', ')}`,
        apply: sh`ipvsadm ${timeoutArgs(wanted)}`,
      };
    },
  };
}

export type SyncDaemons = SyncSettings & { readonly interface: string };

/**
 * Both sync daemons of a director: it tells the others of its connections, and takes note of theirs, so that whoever gets the VIP
 * can go on with them. A daemon with other settings is stopped and started again, for the kernel can't change one.
 */
export function syncDaemons(wanted: SyncDaemons): Resource {
  const id = 'ipvs sync daemons';
  return {
    id,
    probe: asked('--daemon'),
    plan(observed): Change | undefined {
      const steps = (['master', 'backup'] as const).flatMap((state) =>
        step(state, wanted, daemons(id, observed)),
      );
      if (steps.length === 0) return undefined;
      return {
        summary: steps.map(({ summary }) => summary).join('; '),
        apply: shLines(...steps.map(({ apply }) => apply)),
      };
    },
  };
}

function daemons(id: string, observed: ProbeOutput): SyncDaemon[] {
  return parseDaemons(observedText(id, observed));
}

function step(state: SyncDaemon['state'], wanted: SyncDaemons, found: readonly SyncDaemon[]) {
  const running = found.find((daemon) => daemon.state === state);
  const start = sh`ipvsadm ${daemonArgs(state, wanted)}`;
  if (running === undefined)
    return [{ summary: `start the ${state} sync daemon on ${wanted.interface}`, apply: start }];
  if (suits(running, wanted)) return [];
  return [
    {
      summary: `start the ${state} sync daemon anew on ${wanted.interface}`,
      apply: shLines(sh`ipvsadm --stop-daemon ${state}`, start),
    },
  ];
}

/** What an ipvsadm does not show, or the inventory does not say, is no difference. */
function suits(running: SyncDaemon, wanted: SyncDaemons): boolean {
  return (
    running.interface === wanted.interface &&
    (['id', 'group', 'port', 'ttl'] as const).every(
      (key) => running[key] === undefined || wanted[key] === undefined || running[key] === wanted[key],
    )
  );
}
