import { LvsctlError } from '../../errors.js';
import { type Line, lineBreakOf, linesOf, withLinesAtEnd } from './lines.js';
import { asLoaderSees, type NewKernel, titleOf, withPanic } from './new-kernel.js';

/**
 * The menu of GRUB 0.9x: grub.conf or menu.lst. Read as its source does (stage2/cmdline.c, stage2/stage2.c of 0.97): a command ends at
 * a blank or `=`, carriage returns count for nothing, what stands before the first `title` is done when the menu is read.
 */
export interface GrubMenu {
  readonly entries: readonly GrubEntry[];
  /** The last `default` before the first title; undefined: there is none, and entry 0 boots. */
  readonly default: { readonly line: Line; readonly value: string } | undefined;
  /** Offset of the first line that is neither empty nor a comment. */
  readonly start: number;
}

export interface GrubEntry {
  readonly title: string;
  /** From its title to its last command; comments below belong to nobody. */
  readonly start: number;
  readonly end: number;
  readonly commands: readonly Command[];
}

interface Command {
  readonly name: string;
  readonly argument: string;
  readonly indent: string;
}

export function parseGrubMenu(text: string): GrubMenu {
  const entries: { title: string; start: number; end: number; commands: Command[] }[] = [];
  let chosen: GrubMenu['default'];
  let start: number | undefined;
  for (const line of linesOf(text, true)) {
    const command = commandOf(line);
    if (!command) continue;
    start ??= line.start;
    const entry = entries.at(-1);
    if (command.name === 'title')
      entries.push({ title: command.argument, start: line.start, end: line.end, commands: [] });
    else if (entry) {
      entry.commands.push(command);
      entry.end = line.end;
    } else if (command.name === 'default') chosen = { line, value: command.argument };
  }
  return { entries, default: chosen, start: start ?? text.length };
}

function commandOf({ text }: Line): Command | undefined {
  const [, indent = '', name, argument = ''] =
    /^([ \t]*)([^ \t=#][^ \t=]*)[ \t=]*(.*)$/s.exec(text.replaceAll('\r', '')) ?? [];
  return name === undefined ? undefined : { name, argument: argument.trimEnd(), indent };
}

/**
 * Which entry boots when nobody says otherwise.
 * @throws LvsctlError where that can't be told, or would change when an entry comes behind the last
 */
export function defaultIndex(menu: GrubMenu, path: string): number {
  if (menu.entries.length === 0)
    throw new LvsctlError(`${path} has no entry (title) at all`, {
      hint: 'see that it is the menu that GRUB reads',
    });
  const value = menu.default?.value ?? '0';
  if (!/^\d+$/.test(value))
    throw new LvsctlError(`${path} says default=${value}: GRUB 0.9x boots once only where it is a number`, {
      hint: `write default=N there, N being the entry of the kernel that runs, counted from 0`,
    });
  const index = Number(value);
  if (index >= menu.entries.length)
    throw new LvsctlError(
      `${path} says default=${value}, and its last entry is ${menu.entries.length - 1}: a new one would take that number`,
      { hint: 'write the number of the entry of the kernel that runs, counted from 0' },
    );
  return index;
}

/**
 * The entry that boots today, from which ours is made.
 * @throws LvsctlError when it boots no Linux of the plain kind
 */
export function entryOfToday(text: string, path: string): GrubEntry & { readonly initrd: boolean } {
  const menu = parseGrubMenu(text);
  const index = defaultIndex(menu, path);
  const entry = menu.entries[index] as GrubEntry;
  const times = (command: string) => entry.commands.filter(({ name }) => name === command).length;
  if (times('kernel') !== 1 || times('module') > 0 || times('chainloader') > 0)
    throw new LvsctlError(
      `${path}: the default, entry ${index} ("${entry.title}"), boots no Linux by one line \`kernel\``,
      {
        hint: 'make the entry of the kernel that runs the default: what a failed trial comes back to',
      },
    );
  return { ...entry, initrd: times('initrd') > 0 };
}

/** Index of our entry for this release; undefined when there is none. */
export function grubEntryIndex(text: string, release: string): number | undefined {
  const index = parseGrubMenu(text).entries.findIndex(({ title }) => title === titleOf(release));
  return index < 0 ? undefined : index;
}

/**
 * The menu with our entry behind all others, so that they keep their numbers; made from the one that boots today, which stays the
 * default. A `default` line is written where there is none: GRUB 0.93 forgets what it boots once only when it does one.
 * @throws LvsctlError as {@link entryOfToday}
 */
export function withGrubEntry(text: string, kernel: NewKernel, path: string): string {
  const today = entryOfToday(text, path);
  const lineBreak = lineBreakOf(text);
  const stanza = stanzaOf(today, kernel)
    .map((line) => `${line}${lineBreak}`)
    .join('');
  const { entries, default: chosen, start } = parseGrubMenu(text);
  const ours = entries.find(({ title }) => title === titleOf(kernel.release));
  const replaced = ours
    ? `${text.slice(0, ours.start)}${stanza}${text.slice(ours.end)}`
    : withLinesAtEnd(text, stanza);
  return chosen ? replaced : `${replaced.slice(0, start)}default=0${lineBreak}${replaced.slice(start)}`;
}

/** Would make of a trial what boots always, or ask for a key. */
const NOT_TAKEN_OVER = new Set(['savedefault', 'fallback', 'default', 'pause', 'initrd']);

function stanzaOf(today: ReturnType<typeof entryOfToday>, kernel: NewKernel): string[] {
  const lines = [`title ${titleOf(kernel.release)}`];
  for (const { name, argument, indent } of today.commands) {
    if (NOT_TAKEN_OVER.has(name)) continue;
    if (name !== 'kernel') {
      // A backslash at the end would take the next line in.
      const open = argument.endsWith('\\') ? ' ' : '';
      lines.push(`${indent}${name}${argument === '' ? '' : ` ${argument}${open}`}`);
      continue;
    }
    const [, options = '', file = '', args = ''] = /^((?:--\S+\s+)*)(\S+)(.*)$/.exec(argument) ?? [];
    const seen = (own: string) => asLoaderSees(own, file, kernel.bootIsMount);
    lines.push(`${indent}kernel ${options}${seen(kernel.image)} ${withPanic(args)}`);
    if (today.initrd) lines.push(`${indent}initrd ${seen(kernel.initrd)}`);
  }
  return lines;
}

/** The menu with another default; all else stays. The number must be one of an entry. */
export function withGrubDefault(text: string, index: number): string {
  const { default: chosen, start } = parseGrubMenu(text);
  if (!chosen) return `${text.slice(0, start)}default=${index}${lineBreakOf(text)}${text.slice(start)}`;
  const { start: from, end } = chosen.line;
  const written = /^([ \t]*default[ \t=]+)\d+([ \t]*\r?\n)$/.exec(text.slice(from, end));
  // One that a backslash carries over lines is written anew.
  const line = written ? `${written[1]}${index}${written[2]}` : `default=${index}${lineBreakOf(text)}`;
  return text.slice(0, from) + line + text.slice(end);
}
