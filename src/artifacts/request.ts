import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { proxyFor, proxyHeaders, tunnel } from './proxy.js';

export interface RequestOptions {
  /** A mirror that says nothing for so many seconds is given up: while connecting, before its answer, and within it. */
  readonly stallSeconds: number;
  readonly signal?: AbortSignal;
  /** Where proxies are named. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The bytes as they were sent: a `.gz` that a server calls an encoding is not unpacked. */
  readonly body: AsyncIterable<Buffer>;
  /** Ends the connection without reading on. */
  end(): void;
}

/** Why a mirror is of no use, in words for the operator. */
export class MirrorError extends Error {
  override readonly name = 'MirrorError';
}

/** The connection ended within the file: what came is good, and the rest may follow. */
export class CutError extends MirrorError {}

const MOST_REDIRECTS = 5;

/** GET, with redirects followed. @throws MirrorError */
export async function get(
  address: string,
  headers: Readonly<Record<string, string>>,
  options: RequestOptions,
): Promise<Answer> {
  let url = parseUrl(address);
  for (let redirects = 0; ; redirects++) {
    const answer = await getOnce(url, headers, options);
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
    answer.end();
    if (redirects === MOST_REDIRECTS) throw new MirrorError(`redirects more than ${MOST_REDIRECTS} times`);
    url = parseUrl(location, url);
  }
}

function parseUrl(address: string, base?: URL): URL {
  if (URL.canParse(address, base?.href)) {
    const url = new URL(address, base?.href);
    if (['http:', 'https:'].includes(url.protocol)) return url;
  }
  const said = base === undefined ? JSON.stringify(address) : `the redirect to ${JSON.stringify(address)}`;
  throw new MirrorError(`${said} is no http or https URL`);
}

/** A URL without user and password, for messages and lock files. */
export function shownUrl(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

async function getOnce(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { stallSeconds, signal, env }: RequestOptions,
): Promise<Answer> {
  const watch = new AbortController();
  const stalled = new MirrorError(`no byte for ${stallSeconds} s`);
  const timer = setTimeout(() => watch.abort(stalled), stallSeconds * 1000);
  const interrupt = () => watch.abort(signal?.reason);
  signal?.addEventListener('abort', interrupt, { once: true });
  const done = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
  };
  try {
    signal?.throwIfAborted();
    const message = await send(url, headers, env, watch.signal);
    timer.refresh();
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      body: chunks(message, timer, watch.signal, done),
      end: () => {
        done();
        message.destroy();
      },
    };
  } catch (error) {
    done();
    signal?.throwIfAborted();
    throw watch.signal.aborted ? stalled : new MirrorError(reasonOf(error), { cause: error });
  }
}

async function send(
  url: URL,
  given: Readonly<Record<string, string>>,
  env: RequestOptions['env'],
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = { 'User-Agent': 'lvsctl', 'Accept-Encoding': 'identity', ...given };
  const proxy = proxyFor(url, env);
  const options = { headers, signal };
  const direct = { ...options, agent: false as const };
  const through = proxy && url.protocol === 'https:' ? await tunnel(proxy, url, signal) : undefined;
  return new Promise((resolve, reject) => {
    let sent: ClientRequest;
    if (through !== undefined) {
      // With an agent, even none, the connection would be made anew.
      const createConnection = () => connectTls({ socket: through, servername: url.hostname });
      sent = httpsRequest(url, { ...options, createConnection });
    } else if (url.protocol === 'https:') sent = httpsRequest(url, direct);
    else if (proxy === undefined) sent = httpRequest(url, direct);
    else {
      const { hostname: host, port } = proxy;
      const all = { ...headers, Host: url.host, ...proxyHeaders(proxy) };
      const login = url.username && `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      const path = shownUrl(url.href);
      sent = httpRequest({
        ...direct,
        host,
        port: port || 80,
        path,
        headers: all,
        ...(login && { auth: login }),
      });
    }
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end();
  });
}

async function* chunks(
  message: IncomingMessage,
  timer: NodeJS.Timeout,
  signal: AbortSignal,
  done: () => void,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of message) {
      timer.refresh();
      yield chunk;
      timer.refresh();
    }
  } catch (error) {
    // Stalled, or interrupted: neither gets better by asking again.
    signal.throwIfAborted();
    throw new CutError(reasonOf(error), { cause: error });
  } finally {
    done();
    message.destroy();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
};

/** Node gathers the failures of several addresses in an error without a message. */
function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  const { code } = first as NodeJS.ErrnoException;
  return (code !== undefined && REASONS[code]) || first.message || code || 'failed';
}
