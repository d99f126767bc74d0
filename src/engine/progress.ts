import type { EventSink, HostProgress } from './events.js';

/** What a script says before it compiles, so that the share that is done can be told. */
const EXPECTING = /^lvsctl: expecting (\d{1,7}) files$/;

/**
 * A line that a kernel's build prints for one file compiled or assembled: `  CC      kernel/fork.o`, `  CC [M]  net/x.o` since 2.6,
 * and the whole command of gcc in 2.4, `gcc -D__KERNEL__ … -c -o fork.o fork.c`. Programs of the build host itself (HOSTCC) are not counted.
 */
const QUIET = /^\s+(?:CC|AS)(?: \[M\])?\s+\S+\.o$/;
const LOUD = /^\s*\S*?(?:gcc|cc)(?:-[\d.]+)?\s(?:.*\s)?-c\s/;

/** Milliseconds after the job was caught up with: what the connection still held of the past has come by then. */
const SETTLED = 1000;
/** Before so much was seen, any estimate is a guess. */
const FEWEST = 5;
const SHORTEST = 3000;

export interface BuildState {
  readonly done: number;
  readonly total?: number;
  readonly secondsLeft?: number;
}

/**
 * How far a build is, by the lines that it prints. The time left is judged by files that were seen to be compiled, not by
 * those that a log told of: a build that lvsctl came back to has a past of unknown pace.
 */
export class BuildProgress {
  #done = 0;
  #total: number | undefined;
  #live: number | undefined;
  /** Where the pace is measured from. */
  #from: { readonly at: number; readonly done: number } | undefined;

  /** @param now milliseconds */
  constructor(readonly now: () => number = Date.now) {}

  /** Another step begins. */
  begin(): void {
    this.#done = 0;
    this.#total = undefined;
    this.#from = undefined;
  }

  /** Whether the lines that follow are told as they are printed. */
  live(is: boolean): void {
    this.#live = is ? this.now() : undefined;
    this.#from = undefined;
  }

  /** Returns how far it is when the line tells of it. */
  line(text: string): BuildState | undefined {
    const expecting = EXPECTING.exec(text);
    if (expecting) {
      this.begin();
      this.#total = Number(expecting[1]);
      return this.#state(this.now());
    }
    if (!QUIET.test(text) && !LOUD.test(text)) return undefined;
    const now = this.now();
    this.#done += 1;
    if (this.#live !== undefined && now - this.#live >= SETTLED) this.#from ??= { at: now, done: this.#done };
    return this.#state(now);
  }

  #state(now: number): BuildState {
    // An expectation may be short by a few files; a share of more than all would say nothing.
    const total = this.#total === undefined ? undefined : Math.max(this.#total, this.#done);
    const secondsLeft = total === undefined ? undefined : this.#secondsLeft(total - this.#done, now);
    return {
      done: this.#done,
      ...(total !== undefined && { total }),
      ...(secondsLeft !== undefined && { secondsLeft }),
    };
  }

  #secondsLeft(left: number, now: number): number | undefined {
    if (!this.#from) return undefined;
    const done = this.#done - this.#from.done;
    const milliseconds = now - this.#from.at;
    if (done < FEWEST || milliseconds < SHORTEST) return undefined;
    return Math.round(((milliseconds / done) * left) / 1000);
  }
}

/** Milliseconds between two words about the same step. */
const PACE = 1000;

/** Tells of one host's steps how far they are, at most once a second, and their end. */
export class ProgressTeller {
  readonly #build: BuildProgress;
  #resource = '';
  #told = Number.NEGATIVE_INFINITY;
  #held: HostProgress | undefined;

  constructor(
    readonly host: string,
    readonly sink: EventSink,
    readonly now: () => number = Date.now,
  ) {
    this.#build = new BuildProgress(now);
  }

  begin(resource: string): void {
    this.end();
    this.#resource = resource;
    this.#build.begin();
  }

  live(is: boolean): void {
    this.#build.live(is);
  }

  line(text: string): void {
    const state = this.#build.line(text);
    if (state) this.#tell({ host: this.host, resource: this.#resource, unit: 'compiled', ...state });
  }

  /** Says what was held back. */
  end(): void {
    if (this.#held) this.sink({ type: 'host.progress', ...this.#held });
    this.#held = undefined;
    this.#told = Number.NEGATIVE_INFINITY;
  }

  #tell(progress: HostProgress): void {
    this.#held = progress;
    if (this.now() - this.#told < PACE) return;
    this.#held = undefined;
    this.#told = this.now();
    this.sink({ type: 'host.progress', ...progress });
  }
}

/** Files of less are there before anybody could read of it. */
const WORTH_TELLING = 1024 * 1024;

/** The same bytes, told of while they flow. */
export async function* told(
  content: AsyncIterable<Uint8Array>,
  size: number,
  about: Pick<HostProgress, 'host' | 'resource' | 'unit'>,
  sink: EventSink,
): AsyncGenerator<Uint8Array> {
  const begun = Date.now();
  let [last, done] = [begun, 0];
  for await (const chunk of content) {
    yield chunk;
    done += chunk.length;
    const now = Date.now();
    if (size < WORTH_TELLING || (now - last < PACE && done < size)) continue;
    last = now;
    const secondsLeft = Math.round((((now - begun) / done) * (size - done)) / 1000);
    const known = now - begun >= PACE && done < size && { secondsLeft };
    sink({ type: 'host.progress', ...about, done, total: size, ...known });
  }
}
