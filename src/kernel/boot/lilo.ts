import { LvsctlError } from '../../errors.js';
import { lineBreakOf, linesOf, withLinesAtEnd } from './lines.js';
import { type NewKernel, withPanic } from './new-kernel.js';

interface Setting {
  readonly key: string;
  /** Undefined for a flag (`read-only`). */
  readonly value: string | undefined;
  /** Offsets of the setting itself. */
  readonly start: number;
  readonly end: number;
}

interface Section {
  readonly kind: 'image' | 'other';
  readonly label: string;
  /** Offsets of its lines, from the first to the last that says something. */
  readonly start: number;
  readonly end: number;
  readonly settings: readonly Setting[];
}

interface LiloConf {
  readonly global: readonly Setting[];
  readonly sections: readonly Section[];
}

/** `name`, `name=value`, `name = "value"`; several may share a line. */
const SETTING = /[ \t]*([A-Za-z][\w-]*)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s"#]+)))?(?=[ \t#]|$)/y;

/** lilo.conf(5). @throws LvsctlError on what is not that: nothing is guessed in the file that boots a host */
function parse(text: string, path: string): LiloConf {
  const global: Setting[] = [];
  const sections: (Section & { end: number; settings: Setting[] })[] = [];
  for (const [number, line] of linesOf(text).entries()) {
    const settings = settingsOf(line.text);
    if (!settings)
      throw new LvsctlError(`${path}:${number + 1}: this line is not understood: ${line.text.trim()}`, {
        hint: 'write one setting a line, name=value',
      });
    for (const { key, value, at, length } of settings) {
      const setting = { key, value, start: line.start + at, end: line.start + at + length };
      if (key === 'image' || key === 'other')
        sections.push({ kind: key, label: '', start: line.start, end: line.end, settings: [setting] });
      else {
        const section = sections.at(-1);
        (section?.settings ?? global).push(setting);
        if (section) section.end = line.end;
      }
    }
  }
  return { global, sections: sections.map((section) => ({ ...section, label: labelIn(section.settings) })) };
}

function settingsOf(line: string) {
  const settings: { key: string; value: string | undefined; at: number; length: number }[] = [];
  SETTING.lastIndex = 0;
  for (let at = 0; !/^\s*(#|$)/.test(line.slice(at)); at = SETTING.lastIndex) {
    const found = SETTING.exec(line);
    if (!found?.[1]) return undefined;
    const blank = found[0].length - found[0].trimStart().length;
    settings.push({
      key: found[1].toLowerCase(),
      value: found[2] ?? found[3],
      at: at + blank,
      length: found[0].length - blank,
    });
  }
  return settings;
}

const valueIn = (settings: readonly Setting[], key: string): string | undefined =>
  settings.find((setting) => setting.key === key)?.value;

/** Without a label, the file's name is it. */
const labelIn = (settings: readonly Setting[]): string =>
  valueIn(settings, 'label') ?? (settings[0]?.value ?? '').replace(/^.*\//, '');

/** Whether a section has this label; one that is commented out has not. @throws LvsctlError on what is no lilo.conf */
export function hasLiloEntry(text: string, label: string, path: string): boolean {
  return parse(text, path).sections.some((section) => section.label === label);
}

/** What LILO knows the kernel by: at most 15 characters, so it is the part behind the version. */
export function liloLabel(release: string): string {
  return (/lvs[0-9a-f]{1,12}$/.exec(release)?.[0] ?? release.slice(-15)).replace(/^[^\w]+/, '');
}

/**
 * The section that boots today, from which ours is made.
 * @throws LvsctlError when it boots no Linux
 */
export function sectionOfToday(text: string, path: string): Section & { readonly initrd: boolean } {
  const { global, sections } = parse(text, path);
  const wanted = valueIn(global, 'default');
  const section =
    wanted === undefined
      ? sections[0]
      : sections.find(({ label, settings }) => label === wanted || valueIn(settings, 'alias') === wanted);
  if (!section)
    throw new LvsctlError(
      wanted === undefined
        ? `${path} has no section (image=) at all`
        : `${path} says default=${wanted}, and no section has that label`,
      { hint: 'see that /sbin/lilo accepts it: lilo -t' },
    );
  if (section.kind !== 'image')
    throw new LvsctlError(`${path}: the default ("${section.label}") boots no Linux`, {
      hint: 'make the section of the kernel that runs the default: what a failed trial comes back to',
    });
  return { ...section, initrd: [...section.settings, ...global].some(({ key }) => key === 'initrd') };
}

/** Would hand its name, or what boots always, to the trial. */
const NOT_TAKEN_OVER = new Set([
  'image',
  'label',
  'alias',
  'initrd',
  'append',
  'optional',
  'lock',
  'fallback',
]);

/**
 * lilo.conf with our section behind all others, made from the one that boots today, which stays the default.
 * @throws LvsctlError as {@link sectionOfToday}
 */
export function withLiloEntry(text: string, kernel: NewKernel, path: string): string {
  const today = sectionOfToday(text, path);
  const { global, sections } = parse(text, path);
  const append = valueIn(today.settings, 'append') ?? valueIn(global, 'append') ?? '';
  const kept = today.settings
    .filter(({ key }) => !NOT_TAKEN_OVER.has(key))
    .map(({ key, value }) =>
      key === 'literal'
        ? `literal="${withPanic(value ?? '')}"`
        : value === undefined
          ? key
          : `${key}=${/^[\w./:,=-]+$/.test(value) ? value : `"${value}"`}`,
    );
  const label = liloLabel(kernel.release);
  const lineBreak = lineBreakOf(text);
  const section = [
    `image=${kernel.image}`,
    `\tlabel=${label}`,
    ...(today.initrd ? [`\tinitrd=${kernel.initrd}`] : []),
    ...kept.map((line) => `\t${line}`),
    `\tappend="${withPanic(append)}"`,
  ]
    .map((line) => `${line}${lineBreak}`)
    .join('');
  const ours = sections.find((one) => one.label === label);
  if (ours) return text.slice(0, ours.start) + section + text.slice(ours.end);
  return withLinesAtEnd(text, section);
}

/** lilo.conf with another default; all else stays. */
export function withLiloDefault(text: string, label: string, path: string): string {
  const { global, sections } = parse(text, path);
  const setting = `default=${label}`;
  const chosen = global.find(({ key }) => key === 'default');
  if (chosen) return text.slice(0, chosen.start) + setting + text.slice(chosen.end);
  const first = sections[0]?.start ?? text.length;
  return text.slice(0, first) + setting + lineBreakOf(text) + text.slice(first);
}

/** What `lilo -q` says of the map that boots: the labels in it, and which of them is the default. */
export function parseLiloMap(output: string): {
  readonly labels: readonly string[];
  readonly default?: string;
} {
  const lines = output.split('\n').flatMap((line) => {
    const found = /^\s*(\S+)\s*(\*)?\s*$/.exec(line);
    return found?.[1] ? [{ label: found[1], chosen: found[2] !== undefined }] : [];
  });
  const chosen = lines.find((line) => line.chosen)?.label;
  return { labels: lines.map(({ label }) => label), ...(chosen !== undefined && { default: chosen }) };
}
