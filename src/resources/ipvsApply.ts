import type { Change } from '../engine/resource.js';
import { destinationKey, type Operation, operationService, renderArgs, serviceWords } from '../ipvs/index.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';

/** Above this many in a row, operations go through one `ipvsadm -R` instead of a process each (some 3 ms natively). */
const manyOperations = 50;

/**
 * `step` stops at the first refusal with the refused line; ipvsadm of 2001–03 complains on stdout, so both streams are kept.
 * A server or service is only taken away if it is still idle and empty: the table was read a moment ago.
 */
const functions = trusted(`\
step() {
  echo "ipvsadm $*"
  if said=\`ipvsadm "$@" 2>&1\`; then
    [ -z "$said" ] || echo "$said"
  else
    status=$?
    echo "refused (exit status $status): ipvsadm $*: $said" >&2
    exit $status
  fi
}
servers() {
  listed=\`ipvsadm -Ln "$@"\` || { echo "the table can't be read: ipvsadm -Ln $*" >&2; exit 1; }
  echo "$listed" | while read arrow name method weight active inactive rest; do
    if [ "$arrow" = '->' ] && [ "$name" != RemoteAddress:Port ]; then echo "$name $active $inactive"; fi
  done
}
remove_idle() {
  server=$1
  shift
  found=\`servers "$@"\`
  if echo "$found" | grep -Fx "$server 0 0" >/dev/null; then
    step -d "$@" -r "$server"
  else
    echo "$server got connections meanwhile: it stays, drained"
  fi
}
remove_empty() {
  found=\`servers "$@"\`
  if [ -z "$found" ]; then step -D "$@"; else echo "$* still has servers: it stays"; fi
}`);

/** `-R` goes on after what the kernel refuses, and ends with the status of its last line (ipvsadm 1.31): only silence is success. */
const batchFunction = trusted(`\
batch() {
  echo "ipvsadm -R: $2"
  said=\`ipvsadm -R <"$1" 2>&1\` && status=0 || status=$?
  if [ $status -ne 0 ] || [ -n "$said" ]; then
    {
      echo "ipvsadm -R refused some of $2 (exit status $status): $said"
      echo 'of those that add, these are not in the table:'
      { ipvsadm -Sn; echo @@; cat "$1"; } | awk '
        $1 == "@@" { adding = 1; next }
        {
          key = ""
          for (i = 1; i <= NF && $i != "-s"; i++) { key = key " " $i; if ($(i - 1) == "-r") break }
        }
        !adding { present[key] = 1; next }
        ($1 == "-A" || $1 == "-a") && !(key in present) { print }'
    } >&2
    exit 1
  fi
}`);

/** Of the lines that take away, those for servers that are idle by now, and for services that they leave empty. */
const batchRemoveFunction = trusted(`\
batch_remove() {
  ipvsadm -Ln >"$1.table"
  { cat "$1.table"; echo @@; cat "$1"; } | awk '
    BEGIN { option["TCP"] = "-t"; option["UDP"] = "-u"; option["SCTP"] = "--sctp-service" }
    $1 == "@@" { leaving = 1; next }
    !leaving && $1 == "->" {
      servers[service]++
      if ($(NF - 1) == "0" && $NF == "0") idle[service " -r " $2] = 1
      next
    }
    !leaving && $1 == "FWM" {
      service = sprintf("-f %.0f", $2 < 0 ? $2 + 4294967296 : $2) ($3 == "IPv6" ? " -6" : "")
      next
    }
    !leaving { service = option[$1] " " $2; next }
    $1 == "-d" && (substr($0, 4) in idle) { split(substr($0, 4), part, " -r "); servers[part[1]]--; print }
    $1 == "-D" && servers[substr($0, 4)] + 0 == 0 { print }' >"$1.idle"
  count=\`grep -c . <"$1.idle" || :\`
  echo "$count of $2 are idle and go; the others stay, drained"
  if [ "$count" -gt 0 ]; then batch "$1.idle" "$count lines"; fi
}`);

/**
 * While a service's scheduler is changed, Linux from 3.10 has none for it, for some milliseconds where there are several processors
 * (ip_vs_ctl.c, ip_vs_edit_service), and answers what opens just then with ICMP's "port unreachable": clients take that for "connection refused".
 * With the kernel's own limit of such answers as good as closed they hear nothing, ask again after a second, and get through. "Fragmentation
 * needed" has no limit, so no path's MTU is lost. Milliseconds; a day is what fits the kernel's counters at each of its clock rates.
 */
const hushFunctions = trusted(`\
hush() {
  kept=
  for limit in /proc/sys/net/ipv4/icmp_ratelimit /proc/sys/net/ipv6/icmp/ratelimit; do
    if [ -w $limit ] && read -r old <$limit; then
      # Of a run that was killed here: the kernel's own value.
      [ "$old" != 86400000 ] || old=1000
      kept="$kept $limit $old"
      echo 86400000 >$limit
    fi
  done
}
speak() {
  set -- $kept
  while [ $# -gt 1 ]; do
    echo $2 >$1
    shift 2
  done
}`);

/** In shells of their own, so that the limit comes back however the steps end. */
function hushed(steps: Sh): Sh {
  return shLines(
    hushFunctions,
    trusted("(\ntrap 'speak; exit 143' HUP INT TERM\nhush\n("),
    steps,
    trusted(') && left=0 || left=$?\nspeak\nexit $left\n)'),
  );
}

const changesScheduler = (operation: Operation): boolean =>
  operation.kind === 'editService' && operation.before.scheduler !== operation.service.scheduler;

function removes(operation: Operation): boolean {
  return operation.kind === 'removeDestination' || operation.kind === 'removeService';
}

function applyOne(operation: Operation): Sh {
  const service = serviceWords(operationService(operation));
  if (operation.kind === 'removeDestination')
    return sh`remove_idle ${destinationKey(operation.before)} ${service}`;
  if (operation.kind === 'removeService') return sh`remove_empty ${service}`;
  return sh`step ${renderArgs(operation)}`;
}

const linesOf = (operations: readonly Operation[]): Buffer =>
  Buffer.from(operations.map((operation) => `${renderArgs(operation).join(' ')}\n`).join(''));

/**
 * The shell that carries out a plan, in its order. Many changes or removals in a row travel as a file for `ipvsadm -R`, a few
 * are a command each. That all of it took effect is proven by probing again.
 * @param restores false: this ipvsadm (1.21 built without popt) has no -R
 */
export function applyOperations(
  operations: readonly Operation[],
  { restores }: { readonly restores: boolean } = { restores: true },
): Pick<Change, 'apply' | 'files'> {
  const split = operations.findIndex(removes);
  const changes = split < 0 ? operations : operations.slice(0, split);
  const removals = split < 0 ? [] : operations.slice(split);
  const manyChanges = restores && changes.length > manyOperations;
  const manyRemovals = restores && removals.length > manyOperations;
  const steps = manyChanges
    ? sh`batch "$LVSCTL_FILES/ipvs-changes" ${`${changes.length} lines`}`
    : shLines(...changes.map(applyOne));
  return {
    apply: shLines(
      functions,
      (manyChanges || manyRemovals) && batchFunction,
      manyRemovals && batchRemoveFunction,
      changes.length > 0 && (changes.some(changesScheduler) ? hushed(steps) : steps),
      ...(manyRemovals
        ? [sh`batch_remove "$LVSCTL_FILES/ipvs-removals" ${removals.length}`]
        : removals.map(applyOne)),
    ),
    ...((manyChanges || manyRemovals) && {
      files: {
        ...(manyChanges && { 'ipvs-changes': linesOf(changes) }),
        ...(manyRemovals && { 'ipvs-removals': linesOf(removals) }),
      },
    }),
  };
}
