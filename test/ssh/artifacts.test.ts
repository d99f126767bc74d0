import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Mirror, startMirror } from '../support/mirror.js';
import { type Desk, hex, openDesk } from '../unit/artifacts/artifacts.js';
import { hiddenDiff } from '../unit/artifacts/hidden-diff.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NAME = 'hidden-2.4.20pre10-1';
const FILE = `${NAME}.diff`;
// Long enough to be cut in the middle.
const diff = Buffer.from(hiddenDiff({ note: 'x'.repeat(30_000) }));

let desk: Desk;
let mirror: Mirror;
const children: ChildProcess[] = [];

beforeEach(async () => {
  desk = openDesk();
  mirror = await startMirror();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await mirror.stop();
  desk.clear();
});

interface Running {
  readonly child: ChildProcess;
  readonly said: () => string;
  /** Exit status, or the signal. */
  readonly ended: Promise<number | string>;
}

/** lvsctl in a process of its own, in the folder of the desk. No mirror of the real world can be reached. */
function lvsctl(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const code = `import { createJiti } from 'jiti';
    process.argv = ['node', 'lvsctl', ...process.argv.slice(1)];
    process.chdir(${JSON.stringify(desk.folder)});
    await createJiti(${JSON.stringify(root)}).import(${JSON.stringify(join(root, 'src/cli/main.ts'))});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, '--', ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: desk.folder,
      XDG_CACHE_HOME: desk.folder,
      http_proxy: 'http://127.0.0.1:1',
      https_proxy: 'http://127.0.0.1:1',
      no_proxy: '127.0.0.1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      child.emit('said');
    });
  }
  return {
    child,
    said: () => said,
    ended: once(child, 'close').then(([status, signal]) => status ?? signal),
  };
}

/** Looks again and again; the test's own time limit ends it. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 50));
}

const fetchIt = (env = {}, url = mirror.url) =>
  lvsctl(['artifacts', 'fetch', '--trust-first-use', NAME, '--mirror', url], env);
const cache = (...parts: string[]) => join(desk.folder, 'lvsctl', 'artifacts', ...parts);
const pinned = () => JSON.parse(readFileSync(desk.lockFile, 'utf8')).artifacts[NAME].sha256;

describe('lvsctl artifacts', () => {
  it('fetches, lists and verifies, and says what to do when something is wrong', async () => {
    mirror.files.set(FILE, { content: diff });
    const fetching = fetchIt();
    expect([await fetching.ended, fetching.said()]).toEqual([0, expect.stringContaining('cached')]);
    expect(fetching.said()).toContain(`pins: ${desk.lockFile}`);
    expect(pinned()).toBe(hex('sha256', diff));

    const verifying = lvsctl(['artifacts', 'verify', NAME, '--verbose']);
    expect([await verifying.ended, verifying.said()]).toEqual([
      0,
      expect.stringContaining(cache('sha256', hex('sha256', diff))),
    ]);
    writeFileSync(cache('sha256', hex('sha256', diff)), 'damaged');
    const again = lvsctl(['artifacts', 'verify', '--json']);
    expect(await again.ended).toBe(1);
    const events = again
      .said()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'artifact', artifact: NAME, state: 'wrong', knownBy: 'pin' }),
    );
  });

  it('goes on from where a killed one was, whose claim is left over', async () => {
    mirror.files.set(FILE, [{ content: diff, hangAfter: 50_000 }, { content: diff }]);
    const killed = fetchIt();
    await until(() => statOf(cache('partial', NAME)) === 50_000);
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toBe('SIGKILL');
    expect(readdirSync(cache('partial')).sort()).toContain(`${NAME}.claim`);

    const next = fetchIt();
    expect([await next.ended, next.said()]).toEqual([0, expect.stringContaining('cached')]);
    expect(mirror.served.map(({ range }) => range)).toEqual([undefined, 'bytes=50000-']);
    expect(pinned()).toBe(hex('sha256', diff));
    expect(readdirSync(cache('partial'))).toEqual([]);
  });

  it('is interrupted by Ctrl-C, keeps what came, and leaves no claim', async () => {
    mirror.files.set(FILE, [{ content: diff, hangAfter: 50_000 }, { content: diff }]);
    const running = fetchIt();
    await until(() => statOf(cache('partial', NAME)) === 50_000);
    running.child.kill('SIGINT');
    expect([await running.ended, running.said()]).toEqual([
      130,
      expect.stringContaining('what has come is kept'),
    ]);
    expect(readdirSync(cache('partial')).sort()).toEqual([NAME, `${NAME}.origin`]);
  });

  it('fetches once what two processes want at once', async () => {
    let release: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => {
      release = resolve;
    });
    mirror.files.set(FILE, { content: diff, hold });
    const first = fetchIt();
    await until(() => mirror.served.length === 1);
    const second = fetchIt();
    await until(() =>
      second.said().includes(`waiting for lvsctl with pid ${first.child.pid} on ${hostname()}`),
    );
    release();
    expect([await first.ended, await second.ended]).toEqual([0, 0]);
    expect(mirror.served).toHaveLength(1);
    expect(pinned()).toBe(hex('sha256', diff));
  });

  it('imports, refuses and tells what is unknown', async () => {
    writeFileSync(join(desk.folder, FILE), diff);
    writeFileSync(join(desk.folder, 'linux-2.4.20.tar.bz2'), 'no kernel');
    writeFileSync(join(desk.folder, 'notes'), '');
    const running = lvsctl(['artifacts', 'import', '.', '--trust-first-use', NAME]);
    expect(await running.ended).toBe(1);
    const said = running.said();
    expect(said).toMatch(new RegExp(`^${FILE} +taken as ${NAME}$`, 'm'));
    expect(said).toContain('has md5 ');
    expect(said).toContain('the catalogue has md5 c439d5c93d7fc9a1480a90842465bb97');
    expect(said).toMatch(/^notes +not in the catalogue$/m);
  });

  it('speaks https through a proxy, to a server whose certificate is right', async () => {
    const [key, cert] = [join(desk.folder, 'key.pem'), join(desk.folder, 'cert.pem')];
    const request = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=mirror.test',
    ];
    const names = ['-addext', 'subjectAltName=DNS:mirror.test'];
    execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const secure = createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, answer) =>
      answer.end(diff),
    );
    const port = await listen(secure);
    const asked: (string | undefined)[] = [];
    // Whatever name it is asked for, it leads to the server above.
    const proxy = createHttpServer().on('connect', ({ url }, socket) => {
      asked.push(url);
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [onward, socket]) end.on('error', () => undefined);
    });
    const env = { https_proxy: `http://127.0.0.1:${await listen(proxy)}`, NODE_EXTRA_CA_CERTS: cert };
    try {
      const wrong = fetchIt(env, 'https://other.test/');
      expect([await wrong.ended, wrong.said()]).toEqual([1, expect.stringContaining('altnames')]);
      const fetching = fetchIt(env, 'https://mirror.test/');
      expect([await fetching.ended, fetching.said()]).toEqual([0, expect.stringContaining('cached')]);
    } finally {
      for (const server of [secure, proxy]) server.close();
    }
    expect(asked).toEqual(['other.test:443', 'mirror.test:443']);
    expect(pinned()).toBe(hex('sha256', diff));
  });
});

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

function statOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
