/** A time limit that stands still while the operator types. */
export class Deadline {
  #left: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  readonly #abort = new AbortController();
  readonly #expired: Promise<never>;

  /** @param error made when the limit is reached */
  constructor(
    seconds: number,
    readonly error: () => Error,
  ) {
    this.#left = seconds * 1000;
    this.#expired = new Promise((_, reject) => {
      this.#abort.signal.addEventListener('abort', () => reject(this.error()));
    });
    this.#expired.catch(() => undefined);
    this.#start();
  }

  /** Aborted when the limit is reached. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The promise's outcome, or the limit's error, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#expired]);
  }

  /** The work's time does not count. */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    this.#left -= Date.now() - this.#since;
    try {
      return await work();
    } finally {
      if (!this.#over) this.#start();
    }
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#since = Date.now();
    this.#timer = setTimeout(() => this.#abort.abort(), Math.max(0, this.#left));
  }
}
