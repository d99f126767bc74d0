import type { Draft } from './draft.js';

/**
 * A value as JSON that stands for it and for no other value; undefined where JSON would leave something out
 * (functions, dates, class instances, NaN, symbols): such a value is never taken for one that was seen before.
 */
export function exactText(value: unknown): string | undefined {
  return isPlain(value, 0) ? JSON.stringify(value) : undefined;
}

function isPlain(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || depth > 50 || 'toJSON' in value) return false;
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  if (Array.isArray(value))
    return Object.keys(value).length === value.length && value.every((each) => isPlain(each, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(
    (property) => property.enumerable === true && 'value' in property && isPlain(property.value, depth + 1),
  );
}

const maps = ['hosts', 'groups', 'services', 'kernelProfiles'] as const;

export function draftToText(draft: Draft): string {
  const lists = Object.fromEntries(maps.map((name) => [name, [...draft[name]]]));
  return JSON.stringify({ ...draft, ...lists });
}

/** @param text of {@link draftToText}, made by this very build of lvsctl */
export function draftFromText(text: string): Draft {
  const plain = JSON.parse(text) as Draft & Record<(typeof maps)[number], [string, never][]>;
  return { ...plain, ...Object.fromEntries(maps.map((name) => [name, new Map(plain[name])])) };
}
