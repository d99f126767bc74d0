import { type Sh, sh, shLines, trusted } from '../shell/index.js';

/** Seconds that boot scripts are waited for: what they start late (rc.local comes last, sshd early) must not look like drift. */
export const bootScriptSeconds = 120;

/**
 * Waits while the system is still booting, and prints `busy` when it still was so many seconds later: systemd says so itself; else
 * there is a process `rc` or `rcS` of SysV init, or `openrc`.
 */
export function bootedScript(seconds: number): Sh {
  return shLines(
    sh`n=${seconds}`,
    trusted(`while :; do
  busy=
  if [ -d /run/systemd/system ]; then
    case $(systemctl is-system-running 2>/dev/null) in initializing|starting) busy=1 ;; esac
  fi
  for p in /proc/[0-9]*; do
    s=; read -r s 2>/dev/null < "$p/stat" || :
    case $s in *' (rc) '*|*' (rcS) '*|*' (openrc) '*) busy=1 ;; esac
  done
  [ -n "$busy" ] || exit 0
  n=$((n-1)); [ $n -gt 0 ] || { echo busy; exit 0; }
  sleep 1
done`),
  );
}

/** Seconds since the kernel's start below which boot scripts may still be at work. */
const youngSeconds = 300;
const youngPatience = 60;

/**
 * Part of the facts script: on a host that has just started, what its boot scripts have not done yet must not look like drift. Costs an
 * older host no fork. Prints `booting` when they are still at work after a minute.
 */
export const awaitBootScript = shLines(
  sh`up=; read -r up rest < /proc/uptime; up=\${up%%.*}`,
  sh`if [ "\${up:-${youngSeconds}}" -lt ${youngSeconds} ]; then case \`( ${bootedScript(youngPatience)} )\` in *busy*) echo 'booting yes' ;; esac; fi`,
);
