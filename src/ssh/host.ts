import type { Duplex, Readable } from 'node:stream';
import type { Sh } from '../shell/index.js';

/** How a command ended. Output beyond `keep` bytes is dropped from the middle of neither: the head is kept, `truncated` set. */
export interface CommandResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Exit status, 0–255. */
  readonly status: number;
  readonly truncated: boolean;
}

export interface RunOptions {
  /** Called with each chunk as it comes. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** Bytes of stdout and of stderr kept in the result, 16 MiB unless given; streams see everything. */
  readonly keep?: number;
  /** Aborting ends the wait, not the command: the promise rejects with {@link OutcomeUnknownError}. */
  readonly signal?: AbortSignal;
}

/** A file of a host, on its way. */
export interface Download {
  /** Bytes, as the host counted them before. */
  readonly size: number;
  readonly content: Readable;
}

/** The one narrow thing that touches a host. Everything else decides. */
export interface Host {
  readonly name: string;
  /**
   * Runs a script in the persistent root shell's child and waits: one round trip.
   * The script gets no stdin, can't end the shell and can't disturb its framing.
   * `$LVSCTL_SHELL` is the pid of the persistent shell, which lives as long as the connection.
   * @throws OutcomeUnknownError when the connection is lost before the end mark
   */
  run(script: Sh, options?: RunOptions): Promise<CommandResult>;
  /** Writes a file on a channel of its own, to a temporary name and then moved into place, as root. */
  upload(path: string, content: Buffer | Readable, options?: { mode?: number }): Promise<void>;
  /**
   * Reads a file as root on a channel of its own. The content ends only when all of it came, and fails else: with
   * {@link OutcomeUnknownError} when the connection is lost. Who does not want it to its end destroys it.
   * @throws LvsctlError when there is no such file, or it can't be read
   */
  download(path: string): Promise<Download>;
  /** Script trips so far: calls of `run`, files not counted. */
  readonly trips: number;
  /** Connections opened so far for this host: 1 unless it was lost and opened again. */
  readonly connections: number;
  /** Resolves when the connection is gone, with the reason. */
  readonly closed: Promise<Error | undefined>;
  /**
   * Ends the shell and the connection. `last` is written to the shell before, and its answer not waited for:
   * for what the next run could mend as well, such as giving back the lock.
   */
  close(last?: Sh): Promise<void>;
}

/** Opens a byte stream to an address and TCP port: the lab gives one that ends inside its network namespace. */
export type Dial = (address: string, port: number) => Promise<Duplex>;
