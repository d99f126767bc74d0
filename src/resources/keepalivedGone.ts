import type { Facts } from '../engine/facts.js';
import type { Change, Resource } from '../engine/resource.js';
import { keepalivedMark, keepalivedPath } from '../keepalived/file.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import { observedText } from './observed.js';
import { stampOf } from './service.js';

export interface KeepalivedGoneOptions {
  /** VIPs, and what else keepalived moved: must not stay on the interface when it has ended in a way that left them there. */
  readonly addresses: readonly string[];
  /** The host's own; a real server's VIPs on lo or a tunnel are not looked at. */
  readonly interface: string;
  readonly facts: Facts;
}

/** Has `systemctl stop keepalived` take the VIPs away before the table. */
export const keepalivedDropIn = '/etc/systemd/system/keepalived.service.d/lvsctl.conf';

const id = 'no keepalived of lvsctl’s';

const ended = trusted(`\
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  alive=
  for f in /run/keepalived.pid /var/run/keepalived.pid; do
    pid=\`cat $f 2>/dev/null\` || continue
    case \`cat /proc/$pid/stat 2>/dev/null\` in *'(keepalived)'*) alive=$pid ;; esac
  done
  [ -n "$alive" ] || break
  sleep 1
done
if [ -n "$alive" ]; then echo "keepalived does not stop (process $alive)" >&2; exit 1; fi`);

/**
 * keepalived stopped, not started at boot, and the file that lvsctl wrote away, with the addresses that it moved; the package stays. Another's file is left
 * alone. The file goes last: a run that is killed before is gone on with by the next one.
 */
export function keepalivedGone({ addresses, interface: nic, facts }: KeepalivedGoneOptions): Resource {
  return {
    id,
    probe: sh`case \`head -n 1 ${keepalivedPath} 2>/dev/null\` in ${keepalivedMark}*) echo ours ;; esac`,
    plan(observed): Change | undefined {
      if (observedText(id, observed).trim() !== 'ours') return undefined;
      return {
        summary: `stop keepalived, which has no more work here, and take its ${keepalivedPath} away`,
        diff: `- keepalived by ${keepalivedPath} of lvsctl's\n`,
        apply: shLines(
          ...stop(facts),
          ended,
          addresses.length > 0 &&
            facts.commands.has('ip') &&
            sh`for address in ${addresses}; do for prefix in 32 128; do ip addr del "$address/$prefix" dev ${nic} 2>/dev/null || :; done; done`,
          sh`rm -f ${keepalivedDropIn} ${stampOf('keepalived')}`,
          facts.init === 'systemd' && sh`systemctl daemon-reload`,
          sh`rm -f ${keepalivedPath}`,
          stillAtBoot,
        ),
      };
    },
  };
}

/**
 * What is not taken out of the boot is stopped all the same, and told when all is done: the file must not wait for it, by which keepalived
 * would take the VIPs again at the next boot. `said` is what the command had to say.
 */
const stillAtBoot = trusted(`\
if [ -n "$said" ]; then
  echo "keepalived is stopped and its file gone, but it is still started at boot: $said" >&2
  exit 1
fi`);

/** Where the package is gone already there is nothing to stop. A failure to disable what is not enabled is none. */
function stop(facts: Facts): Sh[] {
  const none = sh`said=`;
  switch (facts.init) {
    case 'systemd':
      return [
        none,
        sh`if systemctl cat keepalived.service >/dev/null 2>&1; then`,
        disabled(
          sh`systemctl disable keepalived.service`,
          sh`systemctl is-enabled keepalived.service >/dev/null 2>&1`,
        ),
        sh`systemctl stop keepalived.service`,
        sh`fi`,
      ];
    case 'openrc':
      return [
        none,
        disabled(sh`rc-update del keepalived default`, sh`[ -h /etc/runlevels/default/keepalived ]`),
        sh`rc-service keepalived stop || :`,
      ];
    case 'sysv':
      return [
        none,
        sh`if [ -e /etc/init.d/keepalived ]; then`,
        disabled(
          facts.commands.has('chkconfig')
            ? sh`chkconfig keepalived off`
            : sh`update-rc.d -f keepalived remove`,
          sh`ls /etc/rc[2-5].d/S[0-9][0-9]keepalived /etc/rc.d/rc[2-5].d/S[0-9][0-9]keepalived 2>/dev/null | grep S >/dev/null`,
        ),
        sh`/etc/init.d/keepalived stop || :`,
        sh`fi`,
      ];
  }
}

const disabled = (disable: Sh, enabled: Sh): Sh =>
  sh`if said=\`${disable} 2>&1\` || ! ${enabled}; then said=; else said="\${said:-${disable} failed}"; fi`;
