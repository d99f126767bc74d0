import { InvalidArgumentError } from 'commander';
import type { Share } from '../engine/index.js';

/** `rs1,rs2`, or the option given several times. */
export function list(value: string, before: string[] | undefined): string[] {
  const given = value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (given.length === 0) throw new InvalidArgumentError('It names nothing.');
  return [...(before ?? []), ...given];
}

export const wholeNumber = (least: number) => (value: string) => {
  if (!/^\d{1,6}$/.test(value) || Number(value) < least) {
    throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
  }
  return Number(value);
};

/** `2`, or `25%`. */
export const share =
  (least: number) =>
  (value: string): Share => {
    if (/^(\d{1,2}|100)%$/.test(value)) return value as Share;
    if (/^\d{1,6}$/.test(value) && Number(value) >= least) return Number(value);
    throw new InvalidArgumentError(`It must be a whole number from ${least} on, or a share such as 25%.`);
  };

/** Of `--watch`, where an inventory after the option would be taken for its value. */
export function watchSeconds(value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) >= 1 && Number(value) <= 86400) return Number(value);
  throw new InvalidArgumentError(
    'It must be a whole number of seconds from 1 to 86400; an inventory goes before the option.',
  );
}
