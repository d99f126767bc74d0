import { type Sh, sh, shLines, trusted } from '../shell/index.js';

/** Marks of timers: NAME.PID.armed; of one that was confirmed NAME.PID.kept, of one that took its change back NAME.PID.undone. */
const folder = '/var/lib/lvsctl/undo';

/**
 * Defines `undo_after NAME SECONDS COMMAND [ARGUMENT]…`: carries the command out after so many seconds unless {@link confirmed} came
 * before, whatever becomes of the connection. A timer of the same name is given up for it. Either of the two moves the mark, and only
 * one can.
 */
export const undoTimer: Sh = shLines(
  sh`undo_folder=${folder}`,
  trusted(`undo_after() {
  (umask 077; mkdir -p "$undo_folder")
  rm -f "$undo_folder/$1".*
  undo_mark=$undo_folder/$1.$$
  : > "$undo_mark.armed"
  shift
  undo_wait='sleep "$1"; shift; mv "$0.armed" "$0.undone" 2>/dev/null || exit 0; "$@"; logger -t lvsctl "nobody confirmed in time: $*" 2>/dev/null'
  if command -v setsid >/dev/null 2>&1; then setsid sh -c "$undo_wait" "$undo_mark" "$@" </dev/null >/dev/null 2>&1 &
  else nohup sh -c "$undo_wait" "$undo_mark" "$@" </dev/null >/dev/null 2>&1 & fi
}`),
);

/** Stops the timer; fails, and says so, where it has run out. Once stopped, it may be said again. */
export function confirmed(name: string): Sh {
  return shLines(
    sh`for mark in ${`${folder}/${name}`}.*; do`,
    trusted(`  case $mark in
  *.kept) exit 0 ;;
  *.armed) mv "$mark" "\${mark%armed}kept" 2>/dev/null && exit 0 ;;
  esac
done
echo 'its timer has run out' >&2
exit 1`),
  );
}

/** Prints `armed` while the timer waits. */
export function isArmed(name: string): Sh {
  return sh`for mark in ${`${folder}/${name}`}.*.armed; do if [ -e "$mark" ]; then echo armed; fi; done`;
}
