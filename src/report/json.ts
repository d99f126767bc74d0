import type { RunEvent } from '../engine/events.js';

/** One event as one line of JSON, its ISO time first. Secrets print as `[secret]`, sets as arrays, maps as objects. */
export function jsonLine(event: RunEvent, now: number): string {
  return JSON.stringify({ t: new Date(now).toISOString(), ...event }, (_key, value: unknown) => {
    if (value instanceof Set) return [...value];
    if (value instanceof Map) return Object.fromEntries(value);
    if (typeof value === 'bigint') return Number(value);
    return value;
  });
}
