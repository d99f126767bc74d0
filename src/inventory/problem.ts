import { UsageError } from '../errors.js';
import { codeFrame, type SourcePlace } from './code-frame.js';
import { locate } from './locate.js';

export type Path = readonly (string | number)[];

/** One thing that is wrong in an inventory. */
export interface Problem {
  /** `services.ftp.realServers[1].weight` */
  readonly path: string;
  /** The path as keys and list indexes. */
  readonly keys: Path;
  /** The bad value as plain JSON, without passwords; undefined when it is missing. */
  readonly value: unknown;
  /** What is wrong with it. */
  readonly message: string;
  /** The way out. */
  readonly hint: string;
  /** Where the file writes it, as far as that can be told. */
  readonly place?: SourcePlace;
}

/** Takes note of a problem; checks go on. */
export type Report = (path: Path, value: unknown, message: string, hint: string) => void;

/** An inventory that can't be used, with all its problems; nothing was contacted. */
export class InventoryError extends UsageError {
  readonly file: string;
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[], source?: string) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const placed = problems.map((problem) => withPlace(problem, source));
    const described = placed.flatMap((problem) => [
      ...describeProblem(problem),
      ...(problem.place
        ? describePlace(file, problem.place, placed.length <= FRAMES ? source : undefined)
        : []),
    ]);
    super([`${file} has ${count}`, ...described].join('\n'));
    this.file = file;
    this.problems = placed;
  }
}

/** Up to so many problems are shown with their lines of source; more of them only with their places. */
const FRAMES = 3;

function withPlace(problem: Problem, source: string | undefined): Problem {
  const place = source === undefined ? undefined : locate(source, problem.keys);
  return place ? { ...problem, place } : problem;
}

function describeProblem({ path, value, message, hint }: Problem): string[] {
  const found = value === undefined ? '' : ` = ${showValue(value)}`;
  return [`  ${path || '(the whole)'}${found}: ${message}`, `    → ${hint}`];
}

function describePlace(file: string, place: SourcePlace, source: string | undefined): string[] {
  const frame = source === undefined ? [] : codeFrame(source, place).split('\n');
  return [`    at ${file}:${place.line}:${place.column}`, ...frame.map((line) => `      ${line}`)];
}

/** A value in one short line. */
function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The value as plain JSON, with what may be a password replaced: it goes to the terminal, and into NDJSON. */
export function presentable(value: unknown, key: string): unknown {
  if (value === undefined) return undefined;
  if (isSecretKey(key)) return '[secret]';
  if (Array.isArray(value)) return value.map((part) => presentable(part, ''));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, presentable(part, name)]));
  if (typeof value === 'function') return '[function]';
  const isPlain = value === null || typeof value === 'string' || typeof value === 'boolean';
  return isPlain || Number.isFinite(value) ? value : String(value);
}

/** True for `password`, `passphrase` and the like, and for the fields where somebody may write one by mistake. */
export function isSecretKey(key: string): boolean {
  return /(pass(word|phrase|wd)?|secret|token)(env)?$/i.test(key);
}

/** `services.ftp.realServers[1].weight`; a key that is not a plain word is quoted: `hosts["a b"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}
