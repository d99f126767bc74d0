/** A kernel that is to get an entry in a boot loader's menu. Paths are the host's own, below /boot. */
export interface NewKernel {
  /** What `uname -r` will say. */
  readonly release: string;
  readonly image: string;
  /** Made where the entry that boots today has one. */
  readonly initrd: string;
  /** /boot is a file system of its own: its files are then named without /boot, as the loader sees them. */
  readonly bootIsMount: boolean;
}

/** Seconds after a panic until the machine boots again; by then the loader has forgotten the new kernel. */
const PANIC_SECONDS = 30;

/** The entry's name in every menu. */
export function titleOf(release: string): string {
  return `lvsctl ${release}`;
}

/** The arguments with `panic=` ours. All else stays, blanks between the words too. */
export function withPanic(args: string): string {
  const others = args.replace(/(^|[ \t])panic=\S*/g, '').trim();
  return `${others}${others === '' ? '' : ' '}panic=${PANIC_SECONDS}`;
}

/**
 * A file below /boot as the loader names it, by the way it names the kernel that boots today: `(hd0,0)/vmlinuz-2.4.20-8` is on a
 * file system of its own, `/boot/vmlinuz` and `/@/boot/vmlinuz` are not, and `/vmlinuz` may be a link beside /boot.
 */
export function asLoaderSees(path: string, today: string, bootIsMount: boolean): string {
  const device = /^\([^)]*\)/.exec(today)?.[0] ?? '';
  const prefix = /^(?:\/[^/]+)*?\/boot(?=\/)/.exec(today.slice(device.length))?.[0];
  return `${device}${prefix ?? (bootIsMount ? '' : '/boot')}${path.slice('/boot'.length)}`;
}
