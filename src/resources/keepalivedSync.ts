import type { Facts } from '../engine/facts.js';
import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { daemonArgs, parseDaemons, type SyncDaemon } from '../ipvs/index.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import { observedAddresses, presentAddressTool, showAddresses } from './address.js';
import type { SyncDaemons } from './ipvsSettings.js';
import { observedText } from './observed.js';

export interface KeepalivedSyncOptions {
  readonly wanted: SyncDaemons;
  /** The director's VIPs: with one of them it tells of its connections, without it takes note of the others'. Absent: it does both. */
  readonly vips?: readonly string[];
  readonly facts: Facts;
}

type State = SyncDaemon['state'];

const id = 'sync daemons of keepalived';

/**
 * The sync daemons of a keepalived that runs. It starts them when its VRRP instance changes its state, and not when somebody has stopped
 * them since, nor at a reload (2.2.7); so they are started here as it would. While it changes its state there may be one or the other.
 */
export function keepalivedSync({ wanted, vips, facts }: KeepalivedSyncOptions): Resource {
  const tool = presentAddressTool(facts);
  /** Undefined where it rests on the VIPs and nothing tells of addresses. */
  const due = (observed: ProbeOutput): readonly State[] | undefined => {
    if (vips === undefined) return ['master', 'backup'];
    if (tool === undefined) return undefined;
    const held = new Set(observedAddresses(tool, id, observed).map(({ address }) => address));
    return [vips.some((vip) => held.has(vip)) ? 'master' : 'backup'];
  };
  const missing = (observed: ProbeOutput, running: readonly SyncDaemon[]): readonly State[] | undefined =>
    vips === undefined
      ? due(observed)?.filter((state) => !running.some((one) => one.state === state))
      : running.length > 0
        ? []
        : due(observed);
  return {
    id,
    probe: probeOf(vips === undefined || tool === undefined ? undefined : showAddresses(tool)),
    plan(observed): Change | undefined {
      const running = parseDaemons(observedText(id, observed));
      const other = running.find((daemon) => daemon.id !== undefined && daemon.id !== wanted.id);
      const states =
        other === undefined
          ? (missing(observed, running) ?? [])
          : (due(observed) ?? running.map(({ state }) => state));
      if (states.length === 0) return undefined;
      return {
        summary: states
          .map((state) =>
            other === undefined
              ? `start the ${state} sync daemon, which does not run: keepalived starts it only when VRRP changes`
              : `start the ${state} sync daemon anew with id ${wanted.id} (is ${other.id})`,
          )
          .join('; '),
        apply: shLines(
          other !== undefined &&
            trusted('for state in master backup; do ipvsadm --stop-daemon $state || :; done'),
          start,
          ...states.map(
            (state) =>
              sh`start ${vips === undefined ? `^${state} sync` : ' sync '} ${daemonArgs(state, wanted)}`,
          ),
        ),
      };
    },
    remarks(observed) {
      if (missing(observed, parseDaemons(observedText(id, observed))) !== undefined) return [];
      return [
        'no sync daemon runs, and which one should run can’t be told: neither ip(8) nor ifconfig(8) is there to say whether the VIPs are here. ' +
          'keepalived starts it when VRRP changes; to have it now install iproute2, and run `lvsctl provision`',
      ];
    },
  };
}

const probeOf = (addresses: Sh | undefined): Sh =>
  shLines(
    sh`if [ -r /proc/net/ip_vs ] && command -v ipvsadm >/dev/null 2>&1; then`,
    sh`  ipvsadm -L --daemon`,
    addresses !== undefined && sh`  ${addresses}`,
    sh`fi`,
  );

/** Takes what is enough to be seen of `ipvsadm -L --daemon`. keepalived may be faster: before, or while ipvsadm is at it, which then fails. */
const start = trusted(`\
runs() { ipvsadm -L --daemon | grep "$1" >/dev/null; }
start() {
  enough=$1
  shift
  if runs "$enough"; then return 0; fi
  said=\`ipvsadm "$@" 2>&1\` || runs "$enough" || { echo "$said" >&2; exit 1; }
}`);
