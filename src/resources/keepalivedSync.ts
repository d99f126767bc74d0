import { addressesByIp } from '../engine/addresses.js';
import type { Change, Resource } from '../engine/resource.js';
import { daemonArgs, parseDaemons, type SyncDaemon } from '../ipvs/index.js';
import { sh, shLines, trusted } from '../shell/index.js';
import type { SyncDaemons } from './ipvsSettings.js';
import { observedText } from './observed.js';

export interface KeepalivedSyncOptions {
  readonly wanted: SyncDaemons;
  /** The director's VIPs: with one of them it tells of its connections, without it takes note of the others'. Absent: it does both. */
  readonly vips?: readonly string[];
}

const probe = trusted(`\
if [ -r /proc/net/ip_vs ] && command -v ipvsadm >/dev/null 2>&1; then
  ipvsadm -L --daemon
  ip -o addr
fi`);

/**
 * The sync daemons of a keepalived that runs. It starts them when its VRRP instance changes its state, and not when somebody has stopped
 * them since, nor at a reload (2.2.7); so they are started here as it would. While it changes its state there may be one or the other.
 */
export function keepalivedSync({ wanted, vips }: KeepalivedSyncOptions): Resource {
  const id = 'sync daemons of keepalived';
  return {
    id,
    probe,
    plan(observed): Change | undefined {
      const text = observedText(id, observed);
      const running = parseDaemons(text);
      const other = running.find((daemon) => daemon.id !== undefined && daemon.id !== wanted.id);
      const missing = missingOf(running, text, vips);
      if (other === undefined && missing.length === 0) return undefined;
      const states = other === undefined ? missing : missingOf([], text, vips);
      return {
        summary: states
          .map((state) =>
            other === undefined
              ? `start the ${state} sync daemon, which keepalived has lost`
              : `start the ${state} sync daemon anew with id ${wanted.id} (is ${other.id})`,
          )
          .join('; '),
        apply: shLines(
          other !== undefined &&
            trusted('for state in master backup; do ipvsadm --stop-daemon $state || :; done'),
          // keepalived may have been faster.
          ...states.map(
            (state) =>
              sh`ipvsadm -L --daemon | grep ${`^${state} sync daemon`} >/dev/null || ipvsadm ${daemonArgs(state, wanted)}`,
          ),
        ),
      };
    },
  };
}

/** States of which a daemon should run and none does. */
function missingOf(
  running: readonly Pick<SyncDaemon, 'state'>[],
  text: string,
  vips: readonly string[] | undefined,
): SyncDaemon['state'][] {
  if (vips === undefined)
    return (['master', 'backup'] as const).filter((state) => !running.some((one) => one.state === state));
  if (running.length > 0) return [];
  const held = new Set(addressesByIp(text).map(({ address }) => address));
  return [vips.some((vip) => held.has(vip)) ? 'master' : 'backup'];
}
