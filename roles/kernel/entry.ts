import type { Facts } from '../../src/engine/facts.js';
import type { Change, ProbeOutput, Resource } from '../../src/engine/resource.js';
import { LvsctlError } from '../../src/errors.js';
import { type NewKernel, titleOf } from '../../src/kernel/boot/index.js';
import { unifiedDiff } from '../../src/resources/diff.js';
import { carried, replaceFile } from '../../src/resources/replaceFile.js';
import { type Sh, sh, shLines } from '../../src/shell/index.js';
import { bootStateProbe, parseBootState } from './boot-state.js';
import { modulesId } from './install.js';
import { bootMenu, type Menu } from './menu.js';
import type { KernelPaths } from './paths.js';

export const entryId = ({ release }: KernelPaths) => `kernel ${release} boot entry`;

export function menuOf(
  resource: string,
  observed: ProbeOutput,
  facts: Facts,
  written?: ReadonlyMap<string, string>,
): { menu: Menu; bootIsMount: boolean } {
  const state = parseBootState(resource, observed, facts, written);
  return { menu: bootMenu(state, facts.kernel.release, facts), bootIsMount: state.bootIsMount };
}

export function newKernel(paths: KernelPaths, bootIsMount: boolean): NewKernel {
  const { release, image, initrd } = paths;
  return { release, image, initrd, bootIsMount };
}

/** The menu has the kernel, behind all others; what boots today stays the default. */
export function bootEntry(paths: KernelPaths, facts: Facts): Resource {
  const { release } = paths;
  const id = entryId(paths);
  return {
    id,
    probe: bootStateProbe(facts),
    plan(observed): Change | undefined {
      const { menu, bootIsMount } = menuOf(id, observed, facts);
      const after = menu.withEntry(newKernel(paths, bootIsMount));
      if (after === menu.text && !menu.stale(release)) return undefined;
      const verb = menu.hasEntry(release) ? 'renew' : 'add';
      return {
        summary: `${verb} the entry "${titleOf(release)}" in ${menu.path} (${menu.loader}); ${menu.today()} stays the default`,
        ...writing(menu, after),
      };
    },
  };
}

/** What writes the menu and makes the loader know it. A text that the loader refuses never gets there. */
export function writing(menu: Menu, after: string): Pick<Change, 'diff' | 'apply' | 'files' | 'writes'> {
  const { path, text } = menu;
  const { content, files } = carried(after);
  const draft = `${path}.lvsctl-check`;
  const check = menu.check(draft);
  return {
    ...(text === after ? {} : { diff: unifiedDiff(path, text, after) }),
    apply: shLines(
      check && replaceFile({ path: draft, content, mode: '0600' }),
      check && sh`${check} || { rm -f ${draft}; exit 1; }`,
      check && sh`rm -f ${draft}`,
      replaceFile({ path, content, backup: true }),
      menu.install,
      sh`sync`,
    ),
    ...(files && { files }),
    writes: { [path]: after },
  };
}

/** Where today's entry has an initrd, the new one needs its own: the root's file system or its label may depend on it. */
export function initrd(paths: KernelPaths, facts: Facts): Resource {
  const { release, initrd: path } = paths;
  const id = `kernel ${release} initrd`;
  return {
    id,
    probe: shLines(
      sh`if [ -s ${path} ]; then echo 'initrd there'; else echo 'initrd absent'; fi`,
      bootStateProbe(facts),
    ),
    plan(observed, { changing }): Change | undefined {
      if (!menuOf(id, observed, facts).menu.todayHasInitrd()) return undefined;
      if (/^initrd there$/m.test(observed.stdout) && !changing.has(modulesId(paths))) return undefined;
      const made = `${path}.lvsctl-new`;
      const { tool, command } = maker(paths, made, facts, id);
      return {
        summary: `make ${path} (${tool})`,
        apply: shLines(
          sh`umask 077; rm -f ${made}`,
          command,
          sh`[ -s ${made} ] || { echo ${`${tool} made nothing`} >&2; exit 1; }`,
          sh`sync; mv -f ${made} ${path}`,
        ),
      };
    },
  };
}

/** @throws LvsctlError where nothing there makes one */
function maker(
  { release, image }: KernelPaths,
  made: string,
  { commands, os, paths }: Facts,
  resource: string,
): { tool: string; command: Sh } {
  if (commands.has('mkinitramfs'))
    return { tool: 'mkinitramfs', command: sh`mkinitramfs -o ${made} ${release}` };
  if (commands.has('dracut')) return { tool: 'dracut', command: sh`dracut --force ${made} ${release}` };
  if (!commands.has('mkinitrd'))
    throw new LvsctlError(
      'the entry that boots today has an initrd, and nothing here makes one for the new kernel',
      {
        resource,
        hint: 'install mkinitrd, mkinitramfs (initramfs-tools) or dracut',
      },
    );
  const tool = 'mkinitrd';
  // Three programs share the name: initrd-tools of Debian, SUSE's, and Red Hat's, which Mandrake and others took.
  if (paths.has('/etc/debian_version')) return { tool, command: sh`mkinitrd -o ${made} ${release}` };
  if (paths.has('/etc/SuSE-release') || /suse/i.test([os.id, ...os.like].join(' ')))
    return { tool, command: sh`mkinitrd -k ${image} -i ${made}` };
  return { tool, command: sh`mkinitrd -f ${made} ${release}` };
}
