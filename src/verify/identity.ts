import type { Attempt } from './traffic.js';

/**
 * A banner without what changes from one connection to the next: clock times, dates, and long numbers or hexadecimal ids
 * (`220 rs1 ESMTP Sendmail 8.12.8; Mon, 23 Nov 2026 06:40:00 GMT`).
 */
export function stablePart(text: string): string {
  return text
    .replaceAll(/\b\d{1,2}:\d\d(:\d\d)?(\.\d+)?\b/g, '#')
    .replaceAll(/\b\d{4}-\d\d-\d\d\b/g, '#')
    .replaceAll(/\b\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}\b/g, '#')
    .replaceAll(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b/g, '#')
    .replaceAll(/\b(?=[0-9a-f]*\d)[0-9a-f]{6,}\b/gi, '#');
}

const spoke = (attempt: Attempt): boolean =>
  (attempt.outcome === 'login' || attempt.outcome === 'answer') && attempt.text !== '';

/** What a real server says when asked directly, twice; undefined when it says nothing, or not the same both times. */
export function voiceOf(attempts: readonly Attempt[]): string | undefined {
  const said = new Set(attempts.filter(spoke).map((attempt) => stablePart(attempt.text)));
  return said.size === 1 ? [...said][0] : undefined;
}

export interface Attribution {
  /** Connections answered by each real server, in the order given; undefined when its voice is unknown or another one's too. */
  readonly answered: readonly (number | undefined)[];
  /** Texts that no real server says when asked directly, with their number; empty while some voice is unknown. */
  readonly strangers: ReadonlyMap<string, number>;
}

/** Tells by the banner or body which real server answered each connection. */
export function attribute(
  voices: readonly (string | undefined)[],
  attempts: readonly Attempt[],
): Attribution {
  const said = attempts.filter(spoke);
  const unique = voices.map(
    (voice, i) => voice !== undefined && voices.every((other, j) => i === j || other !== voice),
  );
  const answered = voices.map((voice, i) =>
    unique[i] ? said.filter((attempt) => stablePart(attempt.text) === voice).length : undefined,
  );
  const strangers = new Map<string, number>();
  if (voices.every((voice) => voice !== undefined))
    for (const attempt of said)
      if (!voices.includes(stablePart(attempt.text)))
        strangers.set(attempt.text, (strangers.get(attempt.text) ?? 0) + 1);
  return { answered, strangers };
}
