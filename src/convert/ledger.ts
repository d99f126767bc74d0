import { isSecretKey } from '../inventory/problem.js';

/** A line of a file that the inventory does not carry, or not as it stands. */
export interface LostLine {
  /** From 1. */
  readonly line: number;
  /** Without what stands after a word such as `auth_pass`. */
  readonly text: string;
  readonly reason: string;
}

/**
 * Keeps account of every line of a file: each that is neither blank nor a comment ends up carried or lost. A line of which a part
 * is lost is lost, whatever else became of it.
 */
export class Ledger {
  readonly #lines: readonly string[];
  readonly #carried = new Set<number>();
  readonly #lost = new Map<number, string[]>();
  readonly #otherwise = new Map<number, string>();

  /** @param isContent false for a line that says nothing: blank, or a comment */
  constructor(
    text: string,
    private readonly isContent: (line: string) => boolean,
  ) {
    this.#lines = text.split('\n');
  }

  carry(...lines: readonly number[]): void {
    for (const line of lines) this.#carried.add(line);
  }

  lose(lines: number | readonly number[], reason: string): void {
    for (const line of typeof lines === 'number' ? [lines] : lines) {
      const reasons = this.#lost.get(line) ?? [];
      if (!reasons.includes(reason)) this.#lost.set(line, [...reasons, reason]);
    }
  }

  /** Why `lines` are lost in case nobody carries them. The first reason stays. */
  otherwise(lines: readonly number[], reason: string): void {
    for (const line of lines) if (!this.#otherwise.has(line)) this.#otherwise.set(line, reason);
  }

  /** What is lost, by line. */
  lost(): LostLine[] {
    return this.#lines.flatMap((text, index) => {
      const line = index + 1;
      if (!this.isContent(text)) return [];
      const reasons = this.#lost.get(line);
      if (reasons === undefined && this.#carried.has(line)) return [];
      const reason = reasons?.join('; ') ?? this.#otherwise.get(line) ?? 'not understood';
      return [{ line, text: withoutSecrets(text.trim()), reason }];
    });
  }
}

/** `auth_pass [secret]`: all after the name of a secret. */
function withoutSecrets(text: string): string {
  for (const { 0: word, index } of text.matchAll(/[A-Za-z_]+/g)) {
    const rest = text.slice(index + word.length);
    if (isSecretKey(word) && /^\s*[\s=]\s*\S/.test(rest))
      return `${text.slice(0, index + word.length)}${/^\s*=?\s*/.exec(rest)?.[0] ?? ' '}[secret]`;
  }
  return text;
}
