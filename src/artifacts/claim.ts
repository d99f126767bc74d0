import { randomBytes } from 'node:crypto';
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { writing } from './cache.js';

/** Who holds a claim, as its file says. */
interface Owner {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
}

/** The owner touches its file this often; one not touched for SILENT is left over, whoever made it. */
const BEAT = 5_000;
const SILENT = 60_000;

/**
 * Does the work while no other lvsctl does it, on this machine or another that shares the folder. The claim of a process that died is
 * taken over.
 * @param path file that stands for the claim; its folder exists
 * @param onWait called once when somebody else is at it: `lvsctl with pid 4711 on ops1`
 */
export async function withClaim<T>(
  path: string,
  work: () => Promise<T>,
  options: { readonly signal?: AbortSignal; readonly onWait?: (owner: string) => void } = {},
): Promise<T> {
  const owner: Owner = { token: randomBytes(8).toString('hex'), host: hostname(), pid: process.pid };
  await acquire(path, owner, options);
  const beat = setInterval(() => {
    const now = new Date();
    // Gone or not ours to touch: the next one to look will take it over.
    utimes(path, now, now).catch(() => undefined);
  }, BEAT);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await read(path))?.token === owner.token) await unlink(path).catch(() => undefined);
  }
}

async function acquire(
  path: string,
  owner: Owner,
  { signal, onWait }: { readonly signal?: AbortSignal; readonly onWait?: (owner: string) => void },
): Promise<void> {
  const own = `${path}.${owner.token}`;
  await writing(own, () => writeFile(own, JSON.stringify(owner)));
  try {
    for (let waited = false; ; ) {
      // A link appears with its content, or not at all.
      if (await linked(own, path)) return;
      const other = await read(path);
      if (other === undefined) continue;
      if (await isLeftOver(path, other)) await remove(path, other, own);
      else {
        if (!waited) onWait?.(`lvsctl with pid ${other.pid} on ${other.host}`);
        waited = true;
        await sleep(200, undefined, { ...(signal && { signal }) });
      }
    }
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

const linked = (own: string, path: string): Promise<boolean> =>
  link(own, path).then(
    () => true,
    async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      return writing(path, () => Promise.reject(error));
    },
  );

async function read(path: string): Promise<Owner | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return { token: text, host: '', pid: 0 };
  }
}

async function isLeftOver(path: string, { host, pid }: Owner): Promise<boolean> {
  if (host === hostname() && !lives(pid)) return true;
  const seen = await stat(path).catch(() => undefined);
  return seen !== undefined && Date.now() - seen.mtimeMs > SILENT;
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Another waiter may have replaced the left-over claim by its own since we looked: that one is put back. */
async function remove(path: string, judged: Owner, own: string): Promise<void> {
  const aside = `${own}.old`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await read(aside))?.token !== judged.token) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}
