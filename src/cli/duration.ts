import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

/**
 * Seconds of `90`, `90s`, `5m`, `1h`: for options of commander.
 * @throws InvalidArgumentError for what is no duration, and for more than a week
 */
export function seconds(value: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smh]?)$/.exec(value) ?? [];
  const found = Number(number) * (UNITS[unit] ?? 0);
  if (number === '' || found > 7 * 86400)
    throw new InvalidArgumentError('It must be a duration such as 90, 90s, 5m or 1h, at most a week.');
  return found;
}
