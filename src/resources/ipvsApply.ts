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
  ipvsadm -Ln "$@" | while read arrow name method weight active inactive rest; do
    if [ "$arrow" = '->' ] && [ "$name" != RemoteAddress:Port ]; then echo "$name $active $inactive"; fi
  done
}
remove_idle() {
  server=$1
  shift
  if servers "$@" | grep -Fx "$server 0 0" >/dev/null; then
    step -d "$@" -r "$server"
  else
    echo "$server got connections meanwhile: it stays, drained"
  fi
}
remove_empty() {
  if [ -z "\`servers "$@"\`" ]; then step -D "$@"; else echo "$* still has servers: it stays"; fi
}`);

/** `-R` goes on after what the kernel refuses, and ends with the status of its last line (ipvsadm 1.31): only silence is success. */
const batchFunction = trusted(`\
batch() {
  echo "ipvsadm -R: $2 lines"
  said=\`ipvsadm -R <"$1" 2>&1\` && status=0 || status=$?
  if [ $status -ne 0 ] || [ -n "$said" ]; then
    {
      echo "ipvsadm -R refused some of $2 lines (exit status $status): $said"
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

/**
 * The shell that carries out a plan, in its order. Many changes in a row travel as a file for `ipvsadm -R`; what is taken away
 * goes one by one. That all of it took effect is proven by probing again.
 */
export function applyOperations(operations: readonly Operation[]): Pick<Change, 'apply' | 'files'> {
  const split = operations.findIndex(removes);
  const changes = split < 0 ? operations : operations.slice(0, split);
  const removals = split < 0 ? [] : operations.slice(split);
  if (changes.length <= manyOperations)
    return { apply: shLines(functions, ...changes.map(applyOne), ...removals.map(applyOne)) };
  const lines = changes.map((operation) => `${renderArgs(operation).join(' ')}\n`).join('');
  return {
    apply: shLines(
      functions,
      batchFunction,
      sh`batch "$LVSCTL_FILES/ipvs" ${changes.length}`,
      ...removals.map(applyOne),
    ),
    files: { ipvs: Buffer.from(lines) },
  };
}
