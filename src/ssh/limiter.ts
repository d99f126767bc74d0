import { setTimeout as pause } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';

export interface ConnectLimits {
  /** Connection starts at once, of all. */
  readonly atOnce?: number;
  /** Connection starts at once to one sshd: OpenSSH drops at random from the tenth unfinished login on (MaxStartups 10:30:100). */
  readonly perServer?: number;
  /** Tries in all for an sshd that drops us. */
  readonly attempts?: number;
  /** Pause before the second try, in ms; it doubles with each, and is spread by half to both sides. */
  readonly pauseMs?: number;
}

/** Caps the connection starts of a run and repeats those that a busy sshd dropped. */
export class ConnectLimiter {
  readonly #all: LimitFunction;
  readonly #servers = new Map<string, LimitFunction>();
  readonly #perServer: number;
  readonly #attempts: number;
  readonly #pauseMs: number;

  constructor({ atOnce = 16, perServer = 8, attempts = 6, pauseMs = 200 }: ConnectLimits = {}) {
    this.#all = pLimit(atOnce);
    this.#perServer = perServer;
    this.#attempts = attempts;
    this.#pauseMs = pauseMs;
  }

  /**
   * @param server the sshd that is dialled first, `address:port`
   * @param start one try; no slot is held in the pause before the next
   */
  async run<T>(server: string, start: () => Promise<T>): Promise<T> {
    let slots = this.#servers.get(server);
    if (!slots) {
      slots = pLimit(this.#perServer);
      this.#servers.set(server, slots);
    }
    const own = slots;
    for (let attempt = 1; ; attempt++) {
      try {
        return await own(() => this.#all(start));
      } catch (error) {
        if (attempt >= this.#attempts || !wasDropped(error)) throw error;
        await pause(this.#pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
      }
    }
  }
}

/** The two ways in which a busy sshd drops a connection that it never looked at; all others are final. */
function wasDropped(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message === 'Connection lost before handshake') return true;
    if ('code' in cause && cause.code === 'ECONNRESET') return true;
  }
  return false;
}
