import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderWithInventory } from '../../unit/cli/run-cli.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
// Inside the project, so that what is built finds node_modules.
const build = join(root, '.cache', `cli-test-${process.pid}`);
const main = join(build, 'dist', 'src', 'cli', 'main.js');

beforeAll(async () => {
  await mkdir(build, { recursive: true });
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const args = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(build, 'dist')];
  await promisify(execFile)(tsc, args, { cwd: root });
});

afterAll(() => rm(build, { recursive: true, force: true }));

interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(cwd: string, args: readonly string[]): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, [main, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    child.emit('told', stdout);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const finished = once(child, 'close').then(([status, signal]) => ({ status, signal, stdout, stderr }));
  return { child, finished };
}

/** Resolves when the child has written this to stdout. */
const told = (child: ChildProcess, text: string) =>
  new Promise<void>((resolve) => {
    child.on('told', (stdout: string) => stdout.includes(text) && resolve());
  });

describe('the program', () => {
  let silent: Server;
  let folder: string;

  beforeAll(async () => {
    // An sshd that accepts and never says a word.
    silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    folder = await folderWithInventory((silent.address() as AddressInfo).port);
  });

  afterAll(async () => {
    silent.close();
    await rm(folder, { recursive: true });
  });

  it('survives a reader that goes away', async () => {
    const { child, finished } = start(folder, ['schema']);
    child.stdout?.destroy();
    expect(await finished).toMatchObject({ status: 0, signal: null, stderr: '' });
  });

  it('survives a reader of both streams that goes away', async () => {
    const { child, finished } = start(folder, ['plan', 'nonesuch.ts']);
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect(await finished).toMatchObject({ status: 2, signal: null });
  });

  it('writes all of a long answer into a slow pipe', async () => {
    const { child, finished } = start(folder, ['schema']);
    child.stdout?.pause();
    setTimeout(() => child.stdout?.resume(), 300);
    const { status, stdout } = await finished;
    expect(status).toBe(0);
    expect(() => JSON.parse(stdout)).not.toThrow();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends in good order at %s, and says how things stand',
    async (signal) => {
      const { child, finished } = start(folder, ['provision']);
      await told(child, 'stage');
      child.kill(signal);
      const { status, stdout, stderr } = await finished;
      expect(status).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(stdout).toContain('interrupted; no job of this run is at work on any host');
      expect(stderr).toBe('');
    },
  );

  it('tells of Ctrl-C in events alone with --json', async () => {
    const { child, finished } = start(folder, ['provision', '--json']);
    await told(child, 'stage.start');
    child.kill('SIGINT');
    const { status, stdout, stderr } = await finished;
    expect({ status, stderr }).toEqual({ status: 130, stderr: '' });
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({ type: 'run.end', exitStatus: 130 });
  });
});

describe('the start', () => {
  it('loads nothing but commander and the command line itself', async () => {
    const loaded = await staticImports(join(root, 'src', 'cli', 'main.ts'));
    const packages = [...loaded].filter((name) => !name.startsWith('node:') && !name.endsWith('.ts'));
    expect(packages).toEqual(['commander']);
    const files = [...loaded]
      .filter((name) => name.endsWith('.ts'))
      .map((file) => relative(join(root, 'src'), file));
    expect(files.filter((file) => dirname(file) !== 'cli' && file !== 'errors.ts')).toEqual([]);
  });
});

/** What a file imports when it is loaded, and all that these import; types are gone by then. */
async function staticImports(file: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file)) return found;
  found.add(file);
  const source = await readFile(file, 'utf8');
  for (const [, what = '', from = ''] of source.matchAll(/^(?:import|export) ([^;]*?) ?from '([^']+)';/gms)) {
    if (what.startsWith('type ')) continue;
    if (from.startsWith('.')) await staticImports(join(dirname(file), from.replace(/\.js$/, '.ts')), found);
    else found.add(from);
  }
  return found;
}
