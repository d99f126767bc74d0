import { connect, type Socket } from 'node:net';
import { Answer, failureOf, requestText } from './answer.js';
import type { DownloadResult, Failure, KeptResult, Target } from './result.js';

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** How often the rate of downloads is looked at. */
const TICK = 50;

/** One connection, one request; `onEnd` comes once, with the server's name or the failure. */
export function request(
  peer: Peer,
  target: Target,
  timeout: number,
  onEnd: (end: string | Failure) => void,
): void {
  exchange(open(peer), peer, target, 'close', { idle: undefined, whole: timeout }, (answer, failure) =>
    onEnd(failure ?? answer.server ?? ''),
  );
}

function open({ address, port }: Peer): Socket {
  return connect({ host: address, port, noDelay: true });
}

interface Limits {
  /** For the whole answer, from now; the connection's opening included. */
  readonly whole: number | undefined;
  /** Without a byte. */
  readonly idle: number | undefined;
}

/** Sends a request and reads its answer; what was listened to on the socket is let go. A connection to be kept is left open. */
function exchange(
  socket: Socket,
  peer: Peer,
  target: Target,
  connection: 'close' | 'keep-alive',
  limits: Limits,
  onEnd: (answer: Answer, failure?: Failure) => void,
  onData: (bytes: number) => void = () => {},
): Answer {
  const answer = new Answer(target);
  let over = false;
  const end = (failure?: Failure): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('error');
    socket.setTimeout(0).removeAllListeners('timeout');
    // Whatever comes after the end is of no interest, but an error that nobody hears ends the process.
    socket.on('error', () => {});
    if (failure !== undefined) socket.destroy();
    else if (connection === 'close') socket.end();
    onEnd(answer, failure);
  };
  const late = (limit: number): Failure => ({
    kind: 'timeout',
    detail: socket.connecting
      ? `no connection after ${limit} ms`
      : `${answer.bytes} bytes, then nothing; ${limit} ms`,
  });
  const { whole, idle } = limits;
  const timer = whole === undefined ? undefined : setTimeout(() => end(late(whole)), whole);
  if (idle !== undefined) socket.setTimeout(idle, () => end(late(idle)));
  socket.on('error', (error) => end(failureOf(error)));
  socket.on('end', () => end(answer.early()));
  socket.on('data', (chunk: Buffer) => {
    const said = answer.take(chunk);
    onData(chunk.length);
    if (said !== undefined) end(said === true ? undefined : said);
  });
  socket.write(requestText(target, peer.address, connection));
  return answer;
}

/** A download that takes its bytes no faster than asked, by letting the connection's window fill. */
export class Download {
  #ended: number | undefined;
  #outcome: DownloadResult['outcome'] = 'running';
  #detail = '';
  #bytesPerSecond: number;
  readonly #began = Date.now();
  readonly #answer: Answer;

  constructor(peer: Peer, target: Target, bytesPerSecond: number, stall: number, onEnd: () => void) {
    this.#bytesPerSecond = bytesPerSecond;
    const socket = open(peer);
    const ticking = setInterval(() => {
      if (this.#allowed()) socket.resume();
    }, TICK);
    this.#answer = exchange(
      socket,
      peer,
      target,
      'close',
      { idle: stall, whole: undefined },
      (_answer, failure) => {
        clearInterval(ticking);
        this.#ended = Date.now();
        this.#outcome = failure?.kind ?? 'whole';
        this.#detail = failure?.detail ?? '';
        onEnd();
      },
      () => {
        if (!this.#allowed()) socket.pause();
      },
    );
  }

  #allowed(): boolean {
    return this.#answer.bytes < ((Date.now() - this.#began) * this.#bytesPerSecond) / 1000;
  }

  /** On to the end at full speed. */
  hurry(): void {
    this.#bytesPerSecond = Number.POSITIVE_INFINITY;
  }

  result(): DownloadResult {
    return {
      server: this.#answer.server,
      began: this.#began,
      ended: this.#ended,
      bytes: this.#answer.bytes,
      outcome: this.#outcome,
      detail: this.#detail,
    };
  }
}

/** A connection that stays open while requests and answers go over it. */
export class Kept {
  #server: string | undefined;
  #answers = 0;
  #lastAnswer = Date.now();
  #longestWait = 0;
  #lost: Failure | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #socket: Socket;
  readonly #ask: () => void;

  constructor(peer: Peer, target: Target, every: number, stall: number) {
    this.#socket = open(peer);
    this.#ask = () => {
      const asked = Date.now();
      this.#socket.removeAllListeners('end').removeAllListeners('error');
      exchange(
        this.#socket,
        peer,
        target,
        'keep-alive',
        { whole: stall, idle: undefined },
        (answer, failure) => {
          if (failure !== undefined) {
            this.#lost = failure;
            return;
          }
          this.#server = answer.server;
          this.#answers++;
          this.#lastAnswer = Date.now();
          this.#longestWait = Math.max(this.#longestWait, this.#lastAnswer - asked);
          this.#rest(Math.max(0, every - (this.#lastAnswer - asked)));
        },
      );
    };
    this.#ask();
  }

  /** Until the next request; an end that comes meanwhile is heard. */
  #rest(pause: number): void {
    const lose = (failure: Failure): void => {
      clearTimeout(this.#timer);
      this.#lost ??= failure;
      this.#socket.destroy();
    };
    this.#socket.on('error', (error) => lose(failureOf(error)));
    this.#socket.on('end', () => lose({ kind: 'short', detail: 'closed by the server' }));
    this.#socket.resume();
    this.#timer = setTimeout(this.#ask, pause);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.removeAllListeners().on('error', () => {});
    this.#socket.destroy();
  }

  result(): KeptResult {
    return {
      server: this.#server,
      answers: this.#answers,
      lastAnswer: this.#lastAnswer,
      longestWait: this.#longestWait,
      outcome: this.#lost?.kind ?? 'alive',
      detail: this.#lost?.detail ?? '',
    };
  }
}
