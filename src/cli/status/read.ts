import { LvsctlError } from '../../errors.js';
import { textOfBytes } from '../../shell/index.js';
import type { Host } from '../../ssh/host.js';
import { directorStatus, type Reading, readObserved, statusScript } from '../../status/index.js';
import type { Reach } from '../reach.js';
import { unlessInterrupted } from '../unless-interrupted.js';
import { pause } from './pause.js';

/** Reads directors again and again, each over one connection, with one trip a reading. */
export class DirectorReader {
  readonly #hosts = new Map<string, Host>();
  readonly #pending = new Map<string, Promise<Reading>>();

  /** @param only names of the services asked for */
  constructor(
    private readonly reach: Reach,
    private readonly only: readonly string[] | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * All at once. One that can't be read is among the readings, with the reason, and is connected to anew the next time.
   * @param patience seconds after which the others are not kept waiting for one; what it says later is its next reading
   */
  read(directors: readonly string[], patience?: number): Promise<Reading[]> {
    return Promise.all(
      directors.map(async (director) => {
        const answer = this.#pending.get(director) ?? this.#readOne(director);
        this.#pending.set(director, answer);
        const reading = await within(answer, patience, this.signal);
        if (reading !== undefined) this.#pending.delete(director);
        const message = `no answer within ${patience} s; it is still waited for`;
        return reading ?? { director, failure: { resource: 'ipvs table', message } };
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.close()));
  }

  async #readOne(director: string): Promise<Reading> {
    let resource = 'connect';
    try {
      const host = await this.#open(director);
      resource = 'ipvs table';
      const { stdout, stderr, status } = await host.run(statusScript, { signal: this.signal });
      if (status !== 0) {
        const said = textOfBytes(stderr).trim().slice(-400) || 'it said nothing';
        throw new LvsctlError(`the table can't be read (exit ${status}): ${said}`, {
          host: director,
          resource,
          hint: 'run `ipvsadm -Ln` by hand on the director and mend what it complains about',
        });
      }
      const observed = readObserved(textOfBytes(stdout));
      return { director, status: directorStatus(this.reach.cluster, director, observed, this.only) };
    } catch (error) {
      if (!(error instanceof LvsctlError)) throw error;
      if (!this.signal.aborted) await this.#drop(director);
      const { hint } = error;
      const prefix = `${director}: `;
      const message = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
      return {
        director,
        failure: { resource: error.resource ?? resource, message, ...(hint !== undefined && { hint }) },
      };
    }
  }

  async #open(director: string): Promise<Host> {
    const there = this.#hosts.get(director);
    if (there !== undefined) return there;
    const target = this.reach.cluster.hosts.get(director);
    if (target === undefined) throw new Error(`${director} is lost between inventory and twin`);
    const host = await unlessInterrupted(director, () => this.reach.open(target), this.signal);
    this.#hosts.set(director, host);
    return host;
  }

  async #drop(director: string): Promise<void> {
    const host = this.#hosts.get(director);
    this.#hosts.delete(director);
    await host?.close();
  }
}

/** The answer, or undefined where it takes longer than so many seconds. */
async function within<T>(
  answer: Promise<T>,
  patience: number | undefined,
  signal: AbortSignal,
): Promise<T | undefined> {
  if (patience === undefined) return answer;
  const waiting = new AbortController();
  try {
    return await Promise.race([answer, pause(patience * 1000, AbortSignal.any([signal, waiting.signal]))]);
  } finally {
    waiting.abort();
  }
}
