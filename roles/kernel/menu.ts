import type { Facts } from '../../src/engine/facts.js';
import {
  defaultIndex,
  entryOfToday,
  grubEntryIndex,
  hasGrub2Entry,
  hasLiloEntry,
  liloLabel,
  menuEntryOfToday,
  type NewKernel,
  parseGrubMenu,
  parseLiloMap,
  sectionOfToday,
  titleOf,
  withGrub2Default,
  withGrub2Entry,
  withGrubDefault,
  withGrubEntry,
  withLiloDefault,
  withLiloEntry,
} from '../../src/kernel/boot/index.js';
import { readable, type Sh, sh, shLines, trusted } from '../../src/shell/index.js';
import { type BootState, customCfg } from './boot-state.js';

/** One host's boot menu, whichever loader shows it. Members throw LvsctlError where the menu is one that a trial is not safe with. */
export interface Menu {
  readonly loader: string;
  /** The file that is written, and its text; undefined when there is none. */
  readonly path: string;
  readonly text: string | undefined;
  /** What boots today: `entry 0 ("Red Hat Linux (2.4.20-8)")`. */
  today(): string;
  /** It has an initrd. */
  todayHasInitrd(): boolean;
  withEntry(kernel: NewKernel): string;
  hasEntry(release: string): boolean;
  /** The same with the entry of this release as the default. @param text one that has the entry */
  withDefault(text: string, release: string): string;
  isDefault(release: string): boolean;
  /** The loader boots by what it made of the file at some time, and that is older. */
  stale(release: string): boolean;
  /** Sh around the writing of the file: a look at the new text in `file`, and what makes the loader know it. */
  check(file: string): Sh | undefined;
  readonly install: Sh | undefined;
  /** Sh that has the entry of this release booted once. @param text one that has the entry */
  once(text: string, release: string): Sh;
}

/** Prints what a program says, and fails, where that tells of an error: GRUB's shell always ends with 0. */
const grubShell = trusted(`\
said=$(printf 'savedefault --default=%s --once\\nquit\\n' "$entry" | grub --batch --no-floppy 2>&1) || :
case $said in
  *Error*|'') printf 'grub: %s\\n' "\${said:-it said nothing}" >&2; exit 1 ;;
esac`);

export function bootMenu(state: BootState, running: string, facts: Facts): Menu {
  switch (state.loader.kind) {
    case 'grub':
      return grubMenu(state);
    case 'grub2':
      return grub2Menu(state, running, facts);
    case 'lilo':
      return liloMenu(state);
  }
}

function grubMenu({ loader: { path }, texts }: BootState): Menu {
  const text = texts.get(path) ?? '';
  const index = () => defaultIndex(parseGrubMenu(text), path);
  return {
    loader: 'GRUB 0.9x',
    path,
    text,
    today: () => `entry ${index()} ("${readable(entryOfToday(text, path).title)}")`,
    todayHasInitrd: () => entryOfToday(text, path).initrd,
    withEntry: (kernel) => withGrubEntry(text, kernel, path),
    hasEntry: (release) => grubEntryIndex(text, release) !== undefined,
    withDefault: (given, release) => withGrubDefault(given, grubEntryIndex(given, release) ?? 0),
    isDefault: (release) => index() === grubEntryIndex(text, release),
    stale: () => false,
    check: () => undefined,
    install: undefined,
    once: (given, release) =>
      shLines(
        // Counted on the host: the menu may have changed since the plan.
        countEntry(path, release),
        sh`[ "$entry" = ${grubEntryIndex(given, release) ?? ''} ] || { echo ${`${path} has changed meanwhile: the entry is no longer where it was`} >&2; exit 1; }`,
        grubShell,
      ),
  };
}

function countEntry(path: string, release: string): Sh {
  const program = `/^[ \\t]*title[ \\t=]/ {
    name = $0; sub(/^[ \\t]*title[ \\t=]+/, "", name); sub(/[ \\t\\r]+$/, "", name)
    if (name == want) print count + 0
    count++
  }`;
  return sh`entry=$(awk -v want=${titleOf(release)} ${program} ${path})`;
}

function grub2Menu({ loader, texts }: BootState, running: string, { commands }: Facts): Menu {
  const path = customCfg(loader.path);
  const text = texts.get(path);
  const both = { grubCfg: texts.get(loader.path) ?? '', customCfg: text };
  const own = loader.path.startsWith('/boot/grub2/') ? 'grub2' : 'grub';
  const entry = () => menuEntryOfToday(both, running, loader.path);
  return {
    loader: 'GRUB 2',
    path,
    text,
    today: () => `what ${loader.path} says (now ${entry().image})`,
    todayHasInitrd: () => entry().initrd,
    withEntry: (kernel) => withGrub2Entry(both, kernel, running, { grubCfg: loader.path, customCfg: path }),
    hasEntry: (release) => text !== undefined && hasGrub2Entry(text, release),
    withDefault: (given, release) => withGrub2Default(given, release, path),
    isDefault: (release) => text !== undefined && withGrub2Default(text, release, path) === text,
    stale: () => false,
    check: (file) =>
      commands.has(`${own}-script-check`) ? sh`${trusted(`${own}-script-check`)} ${file}` : undefined,
    install: undefined,
    once: (_, release) =>
      shLines(
        sh`${trusted(`${own}-reboot`)} ${titleOf(release)}`,
        sh`${trusted(`${own}-editenv`)} - list | grep -x ${`next_entry=${titleOf(release)}`} >/dev/null || { echo 'the loader did not take it' >&2; exit 1; }`,
      ),
  };
}

function liloMenu({ loader: { path }, texts, liloMap }: BootState): Menu {
  const text = texts.get(path) ?? '';
  const map = parseLiloMap(liloMap);
  return {
    loader: 'LILO',
    path,
    text,
    today: () => `"${readable(sectionOfToday(text, path).label)}"`,
    todayHasInitrd: () => sectionOfToday(text, path).initrd,
    withEntry: (kernel) => withLiloEntry(text, kernel, path),
    hasEntry: (release) => hasLiloEntry(text, liloLabel(release), path),
    withDefault: (given, release) => withLiloDefault(given, liloLabel(release), path),
    isDefault: (release) => sectionOfToday(text, path).label === liloLabel(release),
    stale: (release) =>
      !map.labels.includes(liloLabel(release)) || map.default !== sectionOfToday(text, path).label,
    check: (file) => sh`lilo -t -C ${file}`,
    install: sh`lilo`,
    once: (_, release) => sh`lilo -R ${liloLabel(release)}`,
  };
}
