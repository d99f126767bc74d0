import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Served {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** What a mirror does with one file; a list is used up from the front, its last one stays. */
export interface Conduct {
  readonly content: Uint8Array;
  /** Byte ranges are refused by saying 200 with all of it. */
  readonly ranges?: boolean;
  /** Ends the connection after so many bytes of an answer. */
  readonly cutAfter?: number;
  /** Says no more, and keeps the connection, after so many bytes of an answer. */
  readonly hangAfter?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** No answer before this. */
  readonly hold?: Promise<unknown>;
  /** Tells no length: the end of the connection is the end of the file. */
  readonly chunked?: boolean;
}

/** A real HTTP server on loopback that keeps files, and behaves as it is told. */
export interface Mirror {
  /** URL prefix, ending with `/`. */
  readonly url: string;
  readonly port: number;
  /** What was asked for, in order. */
  readonly served: Served[];
  /** By path without the first `/`. */
  readonly files: Map<string, Conduct | Conduct[]>;
  stop(): Promise<void>;
}

export async function startMirror(): Promise<Mirror> {
  const served: Served[] = [];
  const files: Mirror['files'] = new Map();
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    const { range, 'if-range': ifRange } = request.headers;
    served.push({ path, range, ifRange: typeof ifRange === 'string' ? ifRange : undefined });
    const entry = files.get(path);
    const conduct = Array.isArray(entry) ? (entry.length > 1 ? entry.shift() : entry[0]) : entry;
    if (conduct === undefined) response.writeHead(404).end('no such file');
    else void Promise.resolve(conduct.hold).then(() => answer(conduct, request, response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    served,
    files,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const etagOf = (content: Uint8Array) => `"${createHash('md5').update(content).digest('hex')}"`;

function answer(conduct: Conduct, { headers: asked }: IncomingMessage, response: ServerResponse): void {
  const { content, ranges = true, cutAfter, hangAfter, chunked = false } = conduct;
  const etag = conduct.headers?.etag ?? etagOf(content);
  const [, from] = /^bytes=(\d+)-$/.exec(asked.range ?? '') ?? [];
  const same = asked['if-range'] === undefined || asked['if-range'] === etag;
  const start = ranges && from !== undefined && same ? Number(from) : 0;
  if (start >= content.length && start > 0) {
    response.writeHead(416, { 'Content-Range': `bytes */${content.length}` }).end();
    return;
  }
  const body = content.subarray(start);
  response.writeHead(conduct.status ?? (start > 0 ? 206 : 200), {
    etag,
    ...(start > 0 && { 'Content-Range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    ...(!chunked && { 'Content-Length': String(body.length) }),
    ...conduct.headers,
  });
  const shown = cutAfter ?? hangAfter;
  if (shown === undefined) response.end(body);
  else if (shown === 0 && hangAfter !== undefined) response.flushHeaders();
  else
    response.write(body.subarray(0, shown), () => {
      // A client that is cut off loses what it has received and not yet read: on a busy machine it needs time to read.
      if (cutAfter !== undefined) setTimeout(() => response.destroy(), 400);
    });
}
