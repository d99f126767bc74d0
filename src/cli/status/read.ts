import { LvsctlError } from '../../errors.js';
import { textOfBytes } from '../../shell/index.js';
import type { Host } from '../../ssh/host.js';
import { directorStatus, type Reading, readObserved, statusScript } from '../../status/index.js';
import type { Reach } from '../reach.js';
import { unlessInterrupted } from '../unless-interrupted.js';

/** Reads directors again and again, each over one connection, with one trip a reading. */
export class DirectorReader {
  readonly #hosts = new Map<string, Host>();

  /** @param only names of the services asked for */
  constructor(
    private readonly reach: Reach,
    private readonly only: readonly string[] | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** All at once. One that can't be read is among the readings, with the reason, and is connected to anew the next time. */
  read(directors: readonly string[]): Promise<Reading[]> {
    return Promise.all(directors.map((director) => this.#readOne(director)));
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
      const { message, hint } = error;
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
