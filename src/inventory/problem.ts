import { UsageError } from '../errors.js';

export type Path = readonly (string | number)[];

/** One thing that is wrong in an inventory. */
export interface Problem {
  /** `services.ftp.realServers[1].weight` */
  readonly path: string;
  /** The bad value as plain JSON, without passwords; undefined when it is missing. */
  readonly value: unknown;
  /** What is wrong with it. */
  readonly message: string;
  /** The way out. */
  readonly hint: string;
}

/** Takes note of a problem; checks go on. */
export type Report = (path: Path, value: unknown, message: string, hint: string) => void;

/** An inventory that can't be used, with all its problems; nothing was contacted. */
export class InventoryError extends UsageError {
  readonly file: string;
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super([`${file} has ${count}`, ...problems.map(describeProblem)].join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

function describeProblem({ path, value, message, hint }: Problem): string {
  const found = value === undefined ? '' : ` = ${showValue(value)}`;
  return `  ${path || '(the whole)'}${found}: ${message}\n    → ${hint}`;
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
