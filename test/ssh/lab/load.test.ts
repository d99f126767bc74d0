import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { type Load, type LoadOptions, startLoad, type Target } from '../../lab/support/load.js';

/** The load generator against a server of this process, which behaves as badly as a test wants. */
/** More than the buffers of a connection hold, or a slow reader would have all of it at once. */
const content = randomBytes(16 << 20);
const target = (path: string, body: Buffer): Target => ({
  path,
  body: { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') },
});
const small = target('/', Buffer.from('ok\n'));
const large = target('/long', content);

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const sound: Handler = ({ url }, response) => {
  response.setHeader('X-Server', 'rs1');
  const body = url === '/long' ? content : Buffer.from('ok\n');
  response.setHeader('Content-Length', body.length);
  response.end(body);
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(handler: Handler, onConnection: () => void = () => {}): Promise<number> {
  const made = createServer({ keepAliveTimeout: 60_000 }, handler).on('connection', onConnection);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return (made.address() as AddressInfo).port;
}

function start(options: Omit<LoadOptions, 'address'>): Load {
  const load = startLoad({ address: '127.0.0.1', ...options });
  onTestFinished(load.kill);
  return load;
}

it('opens as many connections as asked, one a request, and finds nothing wrong with a sound server', async () => {
  let connections = 0;
  const port = await serve(sound, () => {
    connections++;
  });
  const load = start({
    port,
    perSecond: 100,
    seconds: 6,
    request: small,
    downloads: { count: 2, target: large, bytesPerSecond: 1 << 20 },
    kept: { count: 3, every: 100 },
  });
  await load.until(({ requests }) => requests.ok > 100);
  load.phase('second');
  load.download();
  const result = await load.result;
  expect(result.failures).toEqual([]);
  expect(result.requests).toMatchObject({ failed: 0, failures: {}, servers: { rs1: result.requests.begun } });
  expect(result.requests.begun).toBe(600);
  expect(connections).toBe(result.requests.begun + result.downloads.length + 3);
  expect(result.phases.map(({ name }) => name)).toEqual(['begin', 'second']);
  const [first, second] = result.phases;
  expect((first?.ok ?? 0) + (second?.ok ?? 0)).toBe(result.requests.ok);
  // At their rate they would take 16 s: they were under way till the load's end, and then went on to theirs.
  expect(result.downloads).toHaveLength(3);
  for (const { server: name, outcome, bytes, ended } of result.downloads) {
    expect({ name, outcome, bytes }).toEqual({ name: 'rs1', outcome: 'whole', bytes: content.length });
    expect(ended).toBeGreaterThanOrEqual(result.ended ?? Number.NaN);
  }
  for (const kept of result.kept) {
    expect(kept.outcome).toBe('alive');
    expect(kept.answers).toBeGreaterThan(10);
  }
});

it('counts what fails by its kind', async () => {
  let count = 0;
  const port = await serve((request, response) => {
    const kind = ['sound', 'reset', 'wrong', 'short', 'silent'][count++ % 5];
    if (kind === 'sound') sound(request, response);
    if (kind === 'reset') request.socket.resetAndDestroy();
    if (kind === 'wrong') response.writeHead(502).end();
    if (kind === 'short') {
      response.writeHead(200, { 'X-Server': 'rs1', 'Content-Length': 3 });
      response.write('o', () => request.socket.end());
    }
  });
  const load = start({ port, perSecond: 100, seconds: 1, request: small, requestTimeout: 8000 });
  const { requests, failures } = await load.result;
  const each = requests.begun / 5;
  expect(requests.ok).toBe(Math.ceil(each));
  expect(Object.keys(requests.failures).sort()).toEqual(['reset', 'short', 'timeout', 'wrong']);
  for (const number of Object.values(requests.failures)) expect(Math.abs(number - each)).toBeLessThan(1);
  expect(requests.failed).toBe(requests.begun - requests.ok);
  expect(failures).toHaveLength(requests.failed);
});

it('sees a service that is away for a while: refused requests, cut downloads, lost connections, the gap', async () => {
  const port = await serve(sound);
  const load = start({
    port,
    perSecond: 100,
    request: small,
    downloads: { count: 1, target: large, bytesPerSecond: 1 << 20 },
    kept: { count: 1, every: 100 },
  });
  await load.until(({ requests, kept }) => requests.ok > 50 && (kept[0]?.answers ?? 0) > 1);
  const first = server;
  const closed = new Promise((resolve) => first?.close(resolve));
  first?.closeAllConnections();
  await closed;
  // From the first refusal on, so that what was answered before is heard.
  await load.until(({ requests }) => (requests.failures.refused ?? 0) > 0);
  const down = Date.now();
  await load.until(({ requests }) => (requests.failures.refused ?? 0) > 200);
  const up = Date.now();
  server = createServer(sound);
  await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
  await load.until(({ requests, downloads }) => requests.ok > 100 && downloads.some((d) => d.began > up));
  const { requests, downloads, kept } = await load.stop();
  expect(requests.longestGapAt).toBeLessThanOrEqual(down);
  expect(requests.longestGapAt + requests.longestGap).toBeGreaterThanOrEqual(up);
  expect(downloads[0]).toMatchObject({ outcome: 'short' });
  expect(downloads.at(-1)).toMatchObject({ outcome: 'whole' });
  expect(kept.map(({ outcome }) => outcome === 'short' || outcome === 'reset')).toEqual([true]);
});

it('sees a download that no longer moves', async () => {
  const port = await serve((request, response) => {
    if (request.url !== '/long') return sound(request, response);
    response.writeHead(200, { 'X-Server': 'rs1', 'Content-Length': content.length });
    response.write(content.subarray(0, 1000));
  });
  const downloads = { count: 1, target: large, bytesPerSecond: 1e6 };
  const load = start({ port, perSecond: 10, request: small, downloads, stallTimeout: 3000 });
  const seen = await load.until((result) => result.downloads[0]?.outcome !== 'running');
  expect(seen.downloads[0]).toMatchObject({ outcome: 'timeout', bytes: 1000, server: 'rs1' });
});

it('ends with its starter', async () => {
  const port = await serve(sound);
  const load = start({ port, perSecond: 10 });
  await load.until(({ requests }) => requests.ok > 0);
  load.kill();
  await expect(load.result).rejects.toThrow('ended early: exit status SIGKILL');
});
