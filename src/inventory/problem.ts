import { UsageError } from '../errors.js';

export type Path = readonly (string | number)[];

/** One thing that is wrong in an inventory. */
export interface Problem {
  /** `services.ftp.realServers[1].weight` */
  readonly path: string;
  /** The bad value; undefined when it is missing. */
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
  const found = value === undefined ? '' : ` = ${showValue(path, value)}`;
  return `  ${path || '(the whole)'}${found}: ${message}\n    → ${hint}`;
}

/** A value in one short line; what may be a password is not shown. */
function showValue(path: string, value: unknown): string {
  if (isSecretPath(path)) return '(not shown)';
  const text =
    typeof value === 'function' ? 'a function' : (JSON.stringify(value, showMember) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function showMember(key: string, value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return isSecretPath(key) ? '(not shown)' : value;
}

/** True for `password`, `passphrase` and the like, and for the fields where somebody may write one by mistake. */
export function isSecretPath(path: string): boolean {
  return /(pass(word|phrase|wd)?|secret|token)(env)?$/i.test(path);
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
