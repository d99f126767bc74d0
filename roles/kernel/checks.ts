import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import { observedLines } from '../../src/resources/observed.js';
import { sh, shLines, trusted } from '../../src/shell/index.js';
import type { Bundle } from './install.js';
import type { KernelPaths } from './paths.js';

/** What every step needs; each was in Red Hat 9. */
export const TOOLS = ['tar', 'gzip', 'depmod', 'modprobe', 'cmp', 'awk', 'df', 'du', 'sed', 'cksum'] as const;

/** Red Hat 9 came out in March 2003; a clock before that has lost its battery. */
const OLDEST_CLOCK = Date.UTC(2003, 2, 1) / 1000;

/** A bundle is packed; unpacked it is about this many times its size. */
const UNPACKED = 4;

/**
 * That the host can take the kernel at all. It never changes anything: what it finds missing ends the plan, before the first change.
 * The steps themselves measure once more, when the true sizes are known.
 */
export function kernelCheck(paths: KernelPaths, { stored }: Bundle, facts: Facts): Resource {
  const { release, bundle, modules, image } = paths;
  const id = `kernel ${release} check`;
  return {
    id,
    probe: shLines(
      ...[bundle, modules, image].map((path) => sh`[ -e ${path} ] && printf 'there %s\n' ${path}`),
      trusted('for d in /var/lib/lvsctl /lib /boot; do [ -d "$d" ] || continue'),
      // A name with blanks is no folder of these; -P keeps each on one line.
      trusted(
        `set -- $(df -Pk "$d" | tail -n 1); shift $(($#-3)) 2>/dev/null; printf 'room %s %s %s\\n' "$d" "$1" "$3"; done`,
      ),
    ),
    plan(observed) {
      const missing = TOOLS.filter((command) => !facts.commands.has(command));
      if (missing.length > 0)
        throw new LvsctlError(`to install a kernel, ${missing.join(', ')} must be there`, {
          resource: id,
          hint: 'install them (depmod and modprobe are in modutils, module-init-tools or kmod)',
        });
      if (facts.epochSeconds > 0 && facts.epochSeconds < OLDEST_CLOCK)
        throw new LvsctlError(
          `the clock says ${new Date(facts.epochSeconds * 1000).toISOString().slice(0, 10)}: what a trial leaves behind could not be told apart`,
          { resource: id, hint: 'set it: date, then hwclock --systohc' },
        );
      const lines = observedLines(id, observed).map((line) => line.split(' '));
      const there = new Set(lines.flatMap(([word, path = '']) => (word === 'there' ? [path] : [])));
      if (stored) checkRoom(lines, needs(there, paths, stored.size), id);
      return undefined;
    },
  };
}

/** KiB by folder. */
function needs(
  there: ReadonlySet<string>,
  { bundle, modules, image }: KernelPaths,
  size: number,
): Map<string, number> {
  const packed = Math.ceil(size / 1024);
  return new Map([
    ['/var/lib/lvsctl', there.has(bundle) ? 0 : packed * (1 + UNPACKED)],
    ['/lib', there.has(modules) ? 0 : packed * UNPACKED],
    // Image, System.map, configuration and an initrd; modules are by far the most of a bundle.
    ['/boot', there.has(image) ? 0 : Math.ceil(packed / 2) + 2048],
  ]);
}

function checkRoom(
  lines: readonly (readonly string[])[],
  needed: ReadonlyMap<string, number>,
  resource: string,
): void {
  const disks = new Map<string, { free: number; need: number; folders: string[] }>();
  for (const [word, folder = '', free = '', mount = ''] of lines) {
    const need = needed.get(folder) ?? 0;
    if (word !== 'room' || !/^\d+$/.test(free) || need === 0) continue;
    const disk = disks.get(mount) ?? { free: Number(free), need: 0, folders: [] };
    disks.set(mount, { ...disk, need: disk.need + need, folders: [...disk.folders, folder] });
  }
  for (const [mount, { free, need, folders }] of disks)
    if (free < need)
      throw new LvsctlError(
        `the kernel needs about ${need} KiB on ${mount} (${folders.join(', ')}), and ${free} KiB are free there`,
        { resource, hint: 'make room; old kernels in /boot and /lib/modules are the first to look at' },
      );
}
