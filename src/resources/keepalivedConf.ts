import type { Change, ProbeOutput, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import type { Table } from '../ipvs/index.js';
import { keepalivedMark, keepalivedPath } from '../keepalived/file.js';
import { sh, shLines, trusted } from '../shell/index.js';
import { unifiedDiff } from './diff.js';
import { type IpvsTableOptions, readTable, tableProbe } from './ipvs.js';
import { observedText } from './observed.js';
import { carried, replaceFile } from './replaceFile.js';
import { stampOf } from './service.js';

export interface KeepalivedConfOptions {
  /** The file's text, by the live table: what leaves it stays in the file until its connections have ended. */
  readonly content: (live: Table) => string;
  /** Replace another's file; it is kept as keepalived.conf.lvsctl-orig. */
  readonly takeOver: boolean;
  readonly owned: IpvsTableOptions['owned'];
}

const path = keepalivedPath;
const id = `keepalived ${path}`;
const stamp = stampOf('keepalived');

/** The file comes last: nothing in it can be taken for another section. */
const probe = shLines(
  sh`echo '@@@ stamp'; [ ! -e ${stamp} ] || echo yes`,
  sh`echo '@@@ table'`,
  tableProbe,
  sh`if [ -f ${path} ]; then echo '@@@ file'; cat ${path}; fi`,
);

/**
 * keepalived has children for VRRP and for checks; it starts one that dies again and again, and looks healthy to init while it does.
 * `children` are their numbers, `steady` is true while all of them live on for three seconds.
 */
export const steadyKeepalived = trusted(`\
parent() { cat /run/keepalived.pid 2>/dev/null || cat /var/run/keepalived.pid 2>/dev/null; }
children() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v "parent=$1" '{ number = $1; sub(/^.*\\) /, ""); if ($2 == parent) print number }'
}
steady() {
  before=\`children "$1"\`
  sleep 3
  after=\`children "$1"\`
  [ -n "$before" ] || return 1
  for child in $before; do
    case " "\`echo $after\`" " in *" $child "*) ;; *) return 1 ;; esac
  done
}
complain() {
  echo "$1" >&2
  if command -v journalctl >/dev/null 2>&1; then journalctl -u keepalived -n 20 --no-pager >&2 || :; fi
  exit 1
}`);

/** 2.2.7 ends its own process group with SIGTERM after a check of a file with MISC_CHECK, and complains of services that are drained as a whole. */
const testCandidate = trusted(`\
said=\`(trap '' TERM; keepalived --config-test --use-file="$candidate") 2>&1\` && status=0 || status=$?
rest=\`echo "$said" | grep -v -e 'exceeds total weight of real servers 0, reducing quorum to 0' -e 'hysteresis [0-9]* >= quorum 0; setting hysteresis'\` || :
[ -z "$said" ] || echo "$said"
if [ $status -ne 0 ] && { [ -n "$rest" ] || [ -z "$said" ]; }; then
  echo "keepalived -t refuses the new configuration (exit status $status); the present one stays" >&2
  rm -f "$candidate"
  exit 1
fi`);

/** A reload neither stops those that run nor starts them anew (2.2.7); it starts one where there is none. */
export const stopSyncDaemons = trusted(`\
for state in master backup; do ipvsadm --stop-daemon $state >/dev/null 2>&1 || :; done`);

const reload = trusted(`\
pid=\`parent\` || pid=
if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
  kill -HUP "$pid"
  steady "$pid" || complain 'keepalived does not live on with its new configuration'
fi`);

/**
 * keepalived.conf: looked at by keepalived's own check before it is put in its place, and read by the running keepalived on SIGHUP,
 * which keeps VIPs and connections. A run that is killed between the two leaves no stamp, so the next one reloads.
 */
export function keepalivedConf(options: KeepalivedConfOptions): Resource {
  const { content, takeOver, owned } = options;
  return {
    id,
    probe,
    plan(observed): Change | undefined {
      const found = read(observed);
      const text = content(readTable({ ...observed, stdout: found.table }, owned).table);
      if (found.file === text && found.stamped) return undefined;
      const foreign =
        found.file !== undefined && found.file.trim() !== '' && !found.file.startsWith(keepalivedMark);
      if (foreign && !takeOver)
        throw new LvsctlError(`${path} is there, and lvsctl did not write it`, {
          resource: id,
          hint: 'move it away (`lvsctl import` makes an inventory of such a file), or let it be replaced: `keepalived: { takeOver: true }`; it is kept as keepalived.conf.lvsctl-orig',
        });
      const { content: sent, files } = carried(text);
      const candidate = `${path}.lvsctl-candidate`;
      return {
        summary: `${found.file === undefined ? 'create' : found.file === text ? 'have keepalived read' : 'change'} ${path}`,
        ...(found.file !== text && { diff: unifiedDiff(path, found.file, text) }),
        apply: shLines(
          steadyKeepalived,
          replaceFile({ path: candidate, content: sent, mode: '0640' }),
          sh`candidate=${candidate}`,
          testCandidate,
          sh`rm -f ${stamp}`,
          foreign && sh`[ -e ${`${path}.lvsctl-orig`} ] || cp -p ${path} ${`${path}.lvsctl-orig`}`,
          sh`mv -f "$candidate" ${path}`,
          found.file !== undefined && syncOf(found.file) !== syncOf(text) && stopSyncDaemons,
          reload,
          sh`mkdir -p /var/lib/lvsctl/stamp; : > ${stamp}`,
        ),
        ...(files && { files }),
      };
    },
  };
}

function syncOf(conf: string): string | undefined {
  return /^ *lvs_sync_daemon .*$/m.exec(conf)?.[0];
}

function read(observed: ProbeOutput): {
  readonly stamped: boolean;
  readonly table: string;
  readonly file: string | undefined;
} {
  const text = observedText(id, observed);
  const [head = '', ...rest] = text.split('@@@ file\n');
  const [stamped = '', table = ''] = head.split('@@@ table\n');
  return {
    stamped: /^yes$/m.test(stamped),
    table,
    file: rest.length === 0 ? undefined : rest.join('@@@ file\n'),
  };
}
