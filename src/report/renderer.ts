import type { ListrRenderer, ListrTaskObject } from 'listr2';

export interface HostLinesOptions {
  /** Paints one frame. */
  readonly draw: () => void;
  /** Ends the painting and gives the terminal back. */
  readonly stop: () => void;
}

type HostTask = ListrTaskObject<unknown, typeof HostLinesRenderer, typeof HostLinesRenderer>;

/** Milliseconds between two frames: times are shown in tenths of a second, and a person follows no more. */
const FRAME = 100;

/**
 * listr2 renderer with one line a host. listr2's own draw every subtask at every event, which costs minutes of processor time
 * with twenty hosts; here the hosts are the only tasks, and while one of them runs a frame is drawn ten times a second.
 */
export class HostLinesRenderer implements ListrRenderer {
  static nonTTY = true;
  static rendererOptions: HostLinesOptions;
  static rendererTaskOptions: never;
  readonly #tasks: readonly HostTask[];
  readonly #options: HostLinesOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(tasks: HostTask[], options: HostLinesOptions) {
    this.#tasks = tasks;
    this.#options = options;
  }

  render(): void {
    this.#timer = setInterval(() => {
      if (this.#tasks.some((task) => task.isPending())) this.#options.draw();
    }, FRAME);
    // A run that is over must not be kept alive by its picture.
    this.#timer.unref();
    this.#options.draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#options.stop();
  }
}
