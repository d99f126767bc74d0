import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import { stateFolder } from '../ssh/jobs.js';
import type { ProbeOutput } from './resource.js';

/** Who asks for the lock. One a run of lvsctl. */
export interface LockOwner {
  /** Random, so that a run knows its own lock again after a lost connection. */
  readonly token: string;
  /** `alice@ops1 pid 4711`; no line break. */
  readonly name: string;
}

export type LockState =
  | { readonly kind: 'held' }
  /** Ours now; `left` tells whose stale one it was. */
  | { readonly kind: 'taken-over'; readonly left: string }
  | {
      readonly kind: 'refused';
      readonly owner: string;
      readonly since: string;
      readonly ownerPidHere: number | undefined;
    }
  | { readonly kind: 'error'; readonly message: string };

export function lockOwner(): LockOwner {
  return {
    token: randomBytes(12).toString('hex'),
    name: `${userInfo().username}@${hostname()} pid ${process.pid}`,
  };
}

const lock = `${stateFolder}/lock`;

/** The pid's start time in ticks (field 22 of /proc/PID/stat), since a pid alone may be another process by now. */
const started = `started() { st=; [ -r "/proc/$1/stat" ] && read -r st < "/proc/$1/stat"; set -- \${st##*) }; start=\${20:-gone}; }`;

/**
 * Takes the host's lock: a folder, since `mkdir` is the one atomic thing that every system has. It names owner, time, boot and the
 * remote shell's process: when that process or boot is gone the lock is stale, and taken over with a word.
 * `LVSCTL_SHELL` is the pid of the persistent shell, which lives as long as the connection.
 * @param force take it even from a live owner (its controller process is known to be dead)
 */
export function acquireScript(owner: LockOwner, force = false): Sh {
  return shLines(
    trusted(started),
    sh`umask 077; mkdir -p ${stateFolder} || exit 1; lock=${lock}; me=${owner.token}; name=${owner.name}; force=${force ? 1 : ''}`,
    trusted(`boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot < /proc/sys/kernel/random/boot_id
shell=\${LVSCTL_SHELL:-$PPID}; started "$shell"; mine=$start
write() { printf '%s\\n' "$me" "$name" "$(date '+%Y-%m-%d %H:%M:%S %Z')" "$boot" "$shell" "$mine" > $lock/owner.new && mv -f $lock/owner.new $lock/owner; }
load() { token=; who=; since=; b=; p=; s=; [ -r $lock/owner ] || return 1
  { read -r token; read -r who; read -r since; read -r b; read -r p; read -r s; } < $lock/owner; [ -n "$s" ]; }
if mkdir $lock 2>/dev/null; then write && echo held; exit; fi
[ -d $lock ] || { echo "cannot make $lock" >&2; exit 1; }
load || sleep 1
if load; then
  started "$p"; left=; [ -r $lock/left ] && read -r left < $lock/left
  if [ "$left" != "$token" ] && [ "$token" != "$me" ] && [ -z "$force" ] && [ "$b" = "$boot" ] && [ "$start" = "$s" ]; then
    printf 'refused\\n%s\\n%s\\n' "$who" "$since"; exit
  fi
fi
mv $lock $lock.stale.$$ && rm -rf $lock.stale.$$ && mkdir $lock && write || { echo "$lock was taken by another run just now" >&2; exit 1; }
if [ "$token" = "$me" ]; then echo held; else printf 'taken\\n%s, since %s\\n' "\${who:-an unknown owner}" "\${since:-an unknown time}"; fi`),
  );
}

/** What an interrupted run writes here, beside its shell that still follows a job: its token, for "my lock may be taken over". */
export const leftPath = `${lock}/left`;

/** Ends the script, with a word, unless the lock is ours: it goes with a connection that is lost, and another run may have it then. */
export function requireLockScript(owner: LockOwner): Sh {
  return sh`t=; [ -r ${lock}/owner ] && read -r t < ${lock}/owner; [ "$t" = ${owner.token} ] || { echo 'the connection was lost, and another run has taken the lock since' >&2; exit 1; }`;
}

/** Gives the lock back if it is still ours. */
export function releaseScript(owner: LockOwner): Sh {
  return sh`t=; [ -r ${lock}/owner ] && read -r t < ${lock}/owner; [ "$t" = ${owner.token} ] && rm -rf ${lock}`;
}

export function parseLock(output: ProbeOutput): LockState {
  const [verdict, ...rest] = output.stdout.trim().split('\n');
  if (verdict === 'held') return { kind: 'held' };
  if (verdict === 'taken') return { kind: 'taken-over', left: rest[0] ?? 'an unknown owner' };
  if (verdict === 'refused') {
    const owner = rest[0] ?? 'an unknown owner';
    const [, pid = ''] = owner.split(`@${hostname()} pid `);
    return {
      kind: 'refused',
      owner,
      since: rest[1] ?? 'an unknown time',
      // Anything but a number is no process that could be found dead, and the lock taken from.
      ownerPidHere: /^[1-9]\d{0,9}$/.test(pid) ? Number(pid) : undefined,
    };
  }
  return { kind: 'error', message: output.stderr.trim() || `status ${output.status}` };
}
