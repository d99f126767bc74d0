import type { HostProgress } from '../engine/events.js';
import { duration, mebibytes } from './text.js';

/** `41% (512/1234 files), 4m 10s left`, `512 files`, `39% (12.1 MiB of 31.0 MiB)`. */
export function progressText({ unit, done, total, secondsLeft }: HostProgress): string {
  const files = unit === 'compiled';
  const share = total === undefined || total === 0 ? '' : `${Math.floor((done / total) * 100)}% `;
  const amount =
    total === undefined
      ? files
        ? `${done} files`
        : mebibytes(done)
      : files
        ? `(${done}/${total} files)`
        : `(${mebibytes(done)} of ${mebibytes(total)})`;
  const left = secondsLeft === undefined || done === total ? '' : `, ${duration(secondsLeft)} left`;
  return `${share}${amount}${left}`;
}

/** Milliseconds after which a log tells again, and the share of the whole that it tells of at once. */
const PATIENCE = 30_000;
const STRIDE = 0.1;

/** Which of the many words about a step are worth a line of a log. */
export class ProgressLog {
  readonly #told = new Map<string, { readonly at: number; readonly stride: number }>();

  isWorthALine({ host, resource, unit, done, total }: HostProgress, now: number): boolean {
    const key = JSON.stringify([host, resource, unit]);
    const stride = total ? Math.floor(done / total / STRIDE + 1e-9) : 0;
    const before = this.#told.get(key);
    if (before && stride === before.stride && now - before.at < PATIENCE) return false;
    this.#told.set(key, { at: now, stride });
    return true;
  }
}
