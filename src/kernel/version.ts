/** Steps on the way to a release, in their order: 2.6.0-test1, 2.4.20-pre10, 2.4.20-rc1. */
export const STAGES = ['test', 'pre', 'rc'] as const;

/**
 * Who made a kernel of that name. `mainline`: the name is kernel.org's, with nothing behind it. `own`: mainline as
 * lvsctl builds it, marked `-lvs…`. `vendor`: somebody else's tree (Red Hat's `2.4.20-8`, Debian's `6.1.0-18-amd64`,
 * a tree such as `-ac2`): its number says what it began from, not what is in it.
 */
export type KernelOrigin = 'mainline' | 'own' | 'vendor';

export interface KernelVersion {
  /** As it was given, without blanks around it. */
  readonly text: string;
  /** All numbers of the release: `2.4.37.11` gives 2, 4, 37, 11. */
  readonly numbers: readonly number[];
  /** The first two: `2.4`, `6.1`. */
  readonly series: string;
  /** Absent: a final release, or made from one. */
  readonly prerelease?: { readonly stage: (typeof STAGES)[number]; readonly number: number };
  /** What stands behind: `-8smp`, `-lvs1`; empty for mainline. */
  readonly extra: string;
  readonly origin: KernelOrigin;
  /** Known forms only: by them, what a kernel holds is looked up in the catalogue. */
  readonly vendor?: KernelVendor;
}

export interface KernelVendor {
  readonly name: 'red-hat-linux' | 'rhel' | 'debian-like';
  /** The maker's own number: `8`, `20.9`, `40.EL`, `18`. */
  readonly release: string;
  /** Which of the maker's builds: `smp`, `bigmem`, `amd64`; empty for the plain one. */
  readonly flavour: string;
}

const RELEASE = /^(\d{1,9}(?:\.\d{1,9}){1,4})(?:-?(test|pre|rc)(\d{1,9}))?(.*)$/;
const VENDORS: readonly (readonly [KernelVendor['name'], RegExp])[] = [
  ['rhel', /^-(?<release>\d+(?:\.\d+)*\.(?:EL|ELrev|el\d\w*)(?:\.\d+)*)(?<flavour>[A-Za-z]\w*)?$/],
  // `-8`, `-20.9smp`, `-18.8.0bigmem`: the RPM release, not a pre-release (`2.4.20-8` is no pre8).
  ['red-hat-linux', /^-(?<release>\d+(?:\.\d+)*)(?<flavour>[A-Za-z]\w*)?$/],
  ['debian-like', /^-(?<release>\d+(?:\.\d+)*)-(?<flavour>[a-z0-9][a-z0-9-]*)$/],
];

/**
 * Reads what `uname -r` or a table says: `2.4.20-pre10`, `2.4.20pre10`, `2.6.0-test1`, `2.4.37.11`, `2.4.20-8smp`, `6.1.0-18-amd64`.
 * Undefined for what is no kernel version.
 */
export function parseKernelVersion(given: string): KernelVersion | undefined {
  const text = given.trim();
  const found = RELEASE.exec(text);
  if (!found || /\s/.test(text)) return undefined;
  const [, dotted = '', stage, count, extra = ''] = found;
  // `2.4.20prefix` and `2.4.20x` are nothing that kernels are called by.
  if (extra !== '' && !/^(?:\+$|[-+.~_].)/.test(extra)) return undefined;
  const numbers = dotted.split('.').map(Number);
  const origin: KernelOrigin = extra === '' ? 'mainline' : /^-lvs[\w.-]*$/.test(extra) ? 'own' : 'vendor';
  const vendor = origin === 'vendor' && stage === undefined ? vendorOf(extra) : undefined;
  return {
    text,
    numbers,
    series: numbers.slice(0, 2).join('.'),
    ...(stage && { prerelease: { stage: stage as (typeof STAGES)[number], number: Number(count) } }),
    extra,
    origin,
    ...(vendor && { vendor }),
  };
}

function vendorOf(extra: string): KernelVendor | undefined {
  for (const [name, pattern] of VENDORS) {
    const found = pattern.exec(extra)?.groups;
    if (found) return { name, release: found.release ?? '', flavour: found.flavour ?? '' };
  }
  return undefined;
}

/**
 * A total order: negative, 0 or positive. By numbers (2.6 is 2.6.0), then test < pre < rc < final, each by its number, then by what
 * stands behind, read as words and numbers, nothing being the least. `2.4.20pre10` and `2.4.20-pre10` are the same.
 */
export function compareKernelVersions(one: KernelVersion, other: KernelVersion): number {
  return compareReleases(one, other) || compareExtras(one.extra, other.extra);
}

/** As {@link compareKernelVersions}, but of the mainline release that each was made from. */
export function compareReleases(one: KernelVersion, other: KernelVersion): number {
  const length = Math.max(one.numbers.length, other.numbers.length);
  for (let i = 0; i < length; i++) {
    const difference = (one.numbers[i] ?? 0) - (other.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  const [mine, theirs] = [one.prerelease, other.prerelease];
  return (
    rank(mine) - rank(theirs) ||
    (mine === undefined || theirs === undefined ? 0 : mine.number - theirs.number)
  );
}

const rank = (prerelease: KernelVersion['prerelease']) =>
  prerelease === undefined ? STAGES.length : STAGES.indexOf(prerelease.stage);

function compareExtras(one: string, other: string): number {
  const [mine, theirs] = [partsOf(one), partsOf(other)];
  for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
    const difference = compareParts(mine[i] ?? '', theirs[i] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

const partsOf = (extra: string) => extra.match(/\d+|\D+/g) ?? [];

/** A number is more than a word, as in RPM; digits are compared without limit of size. */
function compareParts(one: string, other: string): number {
  const [mine, theirs] = [/^\d/.test(one), /^\d/.test(other)];
  if (mine !== theirs) return one === '' || other === '' ? one.length - other.length : mine ? 1 : -1;
  const [left, right] = mine ? [one.replace(/^0+/, ''), other.replace(/^0+/, '')] : [one, other];
  if (mine && left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}

/** A release named in a table of ours. @throws Error for a table that is wrong */
export function release(text: string): KernelVersion {
  const version = parseKernelVersion(text);
  if (version?.extra !== '') throw new Error(`no mainline release: ${text}`);
  return version;
}

/** From `first` to `last`, both included, or without end. By the mainline release that a version was made from. */
export interface KernelRange {
  readonly first: string;
  readonly last?: string;
}

/** Whether the mainline release that the version was made from lies in the range. Tells nothing of what a vendor added or left out. */
export function madeFrom(version: KernelVersion, { first, last }: KernelRange): boolean {
  if (compareReleases(version, release(first)) < 0) return false;
  return last === undefined || compareReleases(version, release(last)) <= 0;
}

/** Whether a table for mainline kernels speaks of this one: never of a vendor's. */
export function inRange(version: KernelVersion, range: KernelRange): boolean {
  return version.origin !== 'vendor' && madeFrom(version, range);
}
