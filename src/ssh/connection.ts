import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import ssh2, { type AnyAuthMethod, type Client } from 'ssh2';
import { LvsctlError } from '../errors.js';
import type { JumpSettings, PasswordSource } from '../inventory/cluster.js';
import { algorithms } from './algorithms.js';
import { Login } from './authenticate.js';
import { Deadline } from './deadline.js';
import { connectTimedOut, explainConnect, type Hop } from './explain.js';
import type { Dial } from './host.js';
import { HostKeyCheck } from './host-keys.js';
import { ConnectLimiter } from './limiter.js';

export interface ConnectOptions {
  /** In place of TCP for the first server on the way. */
  readonly dial?: Dial;
  readonly passwords: PasswordSource;
  /** Shared by all hosts of a run; without one this connection has limits of its own. */
  readonly limiter?: ConnectLimiter;
  /** 5 s and 3 unless given: a peer that is gone without a word is noticed after 20 s. */
  readonly keepalive?: { readonly intervalMs: number; readonly countMax: number };
}

/** A login that stands. */
export interface Connection {
  readonly client: Client;
  /** Resolves when it is gone: with the reason, or undefined when we ended it. */
  readonly closed: Promise<Error | undefined>;
  readonly lost: boolean;
  /** Says goodbye; the other side ends all that it runs for us and has not read yet. */
  end(): void;
  /**
   * Ends our direction only after all that was written is on its way, so that the server reads it to the end.
   * SSH's own goodbye would overtake: sshd drops what it has read but not yet handed on.
   */
  drain(): Promise<void>;
}

/**
 * Dials, over jump hosts where there are any, checks the host key and logs in.
 * Starts are capped, and those that a busy sshd drops are repeated.
 * @throws LvsctlError that says where it ended and what to do
 */
export function connect(name: string, settings: JumpSettings, options: ConnectOptions): Promise<Connection> {
  const limiter = options.limiter ?? new ConnectLimiter();
  let first = settings;
  while (first.jump) first = first.jump;
  return limiter.run(`${first.hostName}:${first.port}`, () => connectOnce(name, settings, options));
}

async function connectOnce(
  name: string,
  settings: JumpSettings,
  options: ConnectOptions,
): Promise<Connection> {
  const { hostName, port, user } = settings;
  const hop: Hop = { name, hostName, port, user };
  const jump = settings.jump && (await connectOnce(`jump host of ${name}`, settings.jump, options));
  const deadline = new Deadline(settings.connectTimeoutSeconds, () =>
    connectTimedOut(hop, settings.connectTimeoutSeconds),
  );
  let socket: Duplex | undefined;
  try {
    const dial: Dial = options.dial ?? ((address, number) => dialTcp(address, number, deadline.signal));
    const dialling = jump ? forward(jump, hop) : dial(hostName, port);
    dialling.then((late) => {
      if (deadline.signal.aborted) late.destroy();
    }, ignore);
    socket = await deadline.race(dialling);
    const connection = await deadline.race(login(socket, hop, settings, options, deadline));
    return jump ? behind(jump, connection) : connection;
  } catch (error) {
    socket?.on('error', ignore).destroy();
    jump?.end();
    throw explainConnect(error, hop);
  } finally {
    deadline.stop();
  }
}

function login(
  socket: Duplex,
  hop: Hop,
  settings: JumpSettings,
  options: ConnectOptions,
  deadline: Deadline,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const passwords: PasswordSource = {
      get: (...question) => deadline.outside(() => options.passwords.get(...question)),
    };
    const hostKey = new HostKeyCheck({ ...settings, name: hop.name });
    const ways = new Login(hop, settings, passwords);
    const client = new ssh2.Client();
    const state: { ready: boolean; ended: boolean; lost: boolean; reason: Error | undefined } = {
      ready: false,
      ended: false,
      lost: false,
      reason: undefined,
    };
    const closed = new Promise<Error | undefined>((gone) => {
      client.once('close', () => {
        state.lost = true;
        gone(
          state.ended
            ? undefined
            : (state.reason ?? new Error('the connection was closed by the other side')),
        );
        reject(state.reason ?? new Error('the server ended the connection during the login'));
      });
    });
    client.on('error', (error: Error & { level?: string; code?: unknown }) => {
      if (!state.ready && error.level === 'agent') return ways.agentFailed(error.message);
      if (!state.ready && /^Error while signing/.test(error.message)) return ways.note(error.message);
      const authentication =
        error.level === 'client-authentication' || /authentication failures/i.test(error.message);
      // The first error is the cause; the later ones are what became of it.
      state.reason ??= !state.ready && authentication ? ways.refused(serverWord(error)) : error;
      if (!state.ready) reject(state.reason);
    });
    client.once('ready', () => {
      state.ready = true;
      resolve({
        client,
        closed,
        get lost() {
          return state.lost;
        },
        end() {
          state.ended = true;
          client.end();
        },
        async drain() {
          state.ended = true;
          socket.end();
          await Promise.race([finished(socket, { readable: false }).catch(ignore), closed]);
          // The peer answers with its own end; one that does not must not keep us.
          setTimeout(() => socket.destroy(), 2000).unref();
          if ('unref' in socket) (socket as { unref(): void }).unref();
        },
      });
    });
    const authHandler = (
      permitted: readonly string[] | null,
      _partial: boolean | null,
      proceed: (way: AnyAuthMethod | false) => void,
    ): void => {
      ways.next(permitted).then(
        (way) => {
          if (!state.lost) proceed(way ?? false);
        },
        (error: Error) => {
          state.reason ??= error;
          client.end();
        },
      );
    };
    client.connect({
      sock: socket,
      username: settings.user,
      authHandler: authHandler as never,
      hostVerifier: (key: Buffer) => {
        try {
          hostKey.accept(key);
          return true;
        } catch (error) {
          state.reason = error as Error;
          return false;
        }
      },
      algorithms: algorithms(settings.algorithms, hostKey.knownTypes),
      keepaliveInterval: options.keepalive?.intervalMs ?? 5000,
      keepaliveCountMax: options.keepalive?.countMax ?? 3,
      // The deadline is ours: it stands still while the operator types.
      readyTimeout: 0,
    });
  });
}

/** What the server itself said, beside the library's own summary. */
function serverWord(error: Error): string | undefined {
  return error.message === 'All configured authentication methods failed' ? undefined : error.message;
}

function dialTcp(address: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port });
    signal.addEventListener('abort', () => socket.destroy());
    // Nagle's algorithm and delayed acknowledgements make steps of 40 ms of every packet pair.
    socket.setNoDelay(true);
    socket.once('error', reject);
    socket.once('connect', () => {
      // Somebody must listen until the login does.
      socket.on('error', ignore);
      resolve(socket);
    });
  });
}

function forward(jump: Connection, hop: Hop): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    jump.client.forwardOut('127.0.0.1', 0, hop.hostName, hop.port, (error, channel) => {
      if (!error) return resolve(channel);
      const said = error.message.replace(/^\(SSH\) Channel open failure: /, '');
      reject(
        new LvsctlError(`${hop.name}: the jump host can't reach ${hop.hostName} port ${hop.port}: ${said}`, {
          host: hop.name,
          hint: 'check the address as the jump host sees it, that sshd runs there, and AllowTcpForwarding on the jump host',
          cause: error,
        }),
      );
    });
  });
}

/** The connection through a jump host ends with it, and ends it. */
function behind(jump: Connection, connection: Connection): Connection {
  void connection.closed.then(() => jump.end());
  return {
    client: connection.client,
    closed: connection.closed,
    get lost() {
      return connection.lost;
    },
    end() {
      connection.end();
      jump.end();
    },
    async drain() {
      await connection.drain();
      await jump.drain();
    },
  };
}

function ignore(): void {}
