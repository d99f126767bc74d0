import type { Facts } from '../../src/engine/facts.js';
import { LvsctlError } from '../../src/errors.js';
import { trusted } from '../../src/shell/index.js';

/** What lvsctl keeps of kernels on a host. */
const state = '/var/lib/lvsctl/kernel';

export const trialMark = `${state}/trial`;
/** Written by the guard, when it has taken a host back. */
export const returnedNote = `${state}/returned`;

export interface KernelPaths {
  readonly release: string;
  /** The bundle, unpacked; it stays, since ipvsadm comes from it. */
  readonly bundle: string;
  /** depmod was run, and all symbols were found. */
  readonly depmodStamp: string;
  readonly image: string;
  readonly initrd: string;
  readonly systemMap: string;
  readonly config: string;
  readonly modules: string;
}

/** @throws LvsctlError on a release that is no name for files */
export function kernelPaths(release: string, facts: Facts): KernelPaths {
  if (!/^\d[\w.+-]{0,63}$/.test(release))
    throw new LvsctlError(`${JSON.stringify(release)} is no release of a kernel`, {
      hint: 'use digits, letters, ".", "-" and "_" in its version',
    });
  const boot = menusAreMade(facts) ? '/boot/lvsctl' : '/boot';
  return {
    release,
    bundle: `${state}/${release}`,
    depmodStamp: `${state}/${release}.depmod`,
    image: `${boot}/vmlinuz-${release}`,
    initrd: `${boot}/initrd-${release}.img`,
    systemMap: `/boot/System.map-${release}`,
    config: `/boot/config-${release}`,
    modules: `/lib/modules/${release}`,
  };
}

/**
 * Whether something there makes boot menus from the files that lie in /boot, the highest version first: it would make an unproven
 * kernel the default (10_linux of GRUB 2, Debian's update-grub for GRUB 0.9x). So ours is put where they don't look.
 */
function menusAreMade({ commands }: Facts): boolean {
  return ['update-grub', 'grub-mkconfig', 'grub2-mkconfig'].some((command) => commands.has(command));
}

/** Sh: `room FOLDER KIB WHAT` ends the step when that much isn't free there. */
export const roomFunction = trusted(`\
room() {
  free=$(df -Pk "$1" | awk '{ free = $4 } END { print free }')
  [ "$free" -ge "$2" ] && return
  echo "$3 needs $2 KiB in $1, and $free KiB are free there" >&2
  exit 1
}`);
