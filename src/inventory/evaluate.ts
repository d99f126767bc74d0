import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runInThisContext } from 'node:vm';
import type { Jiti } from 'jiti';

/** Modules of ours that a user's file may import, loaded when it does. */
export type OwnModules = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * Runs a user's TypeScript and returns its exports. jiti translates it; the translation of an unchanged file is kept, and then jiti
 * itself is not even loaded, which is a tenth of a short run. What the file imports beside `modules` is jiti's business again.
 * @param cache folder for translations, ours alone; false: none is kept
 * @throws what the file throws, and jiti's ParseError
 */
export async function evaluate(
  file: string,
  source: string,
  modules: OwnModules,
  cache: string | false,
): Promise<unknown> {
  let jiti: Promise<Jiti> | undefined;
  const loadJiti = (): Promise<Jiti> => {
    jiti ??= createJiti(file, modules, cache);
    return jiti;
  };
  const code = /\.(m?ts|mjs)$/.test(file) ? await translate(file, source, cache, loadJiti) : undefined;
  if (code === undefined) return (await loadJiti()).import(file);
  const imported = async (name: string): Promise<unknown> => {
    const own = modules[name];
    if (own) return own();
    return (await loadJiti()).import(name);
  };
  // One line with the first of the code, so that line numbers in stacks are the file's.
  const run = runInThisContext(
    `(async (exports, require, jitiImport, jitiESMResolve, __filename, __dirname) => {${code}\n})`,
    { filename: file },
  ) as (...args: readonly unknown[]) => Promise<void>;
  const exports: Record<string, unknown> = {};
  const resolve = async (name: string): Promise<string> => (await loadJiti()).esmResolve(name);
  await run(exports, createRequire(file), imported, resolve, file, dirname(file));
  return exports;
}

async function createJiti(file: string, modules: OwnModules, cache: string | false): Promise<Jiti> {
  const { createJiti: create } = await import('jiti');
  const loaded = await Promise.all(
    Object.entries(modules).map(async ([name, load]) => [name, await load()] as const),
  );
  return create(file, {
    fsCache: cache,
    moduleCache: false,
    interopDefault: false,
    virtualModules: Object.fromEntries(loaded) as Record<string, Record<string, unknown>>,
  });
}

/** The file as a function's body; undefined when it doesn't parse, which jiti's own import explains. */
async function translate(
  file: string,
  source: string,
  cache: string | false,
  loadJiti: () => Promise<Jiti>,
): Promise<string | undefined> {
  // The translation has the file's own address in it (import.meta.url), and belongs to this version of ours and of Node.
  const key = createHash('sha256')
    .update([import.meta.url, process.version, file, source].join('\0'))
    .digest('hex');
  const kept = cache === false ? undefined : join(cache, `${key}.js`);
  const before = kept === undefined ? undefined : read(kept);
  if (before !== undefined) return before;
  const jiti = await loadJiti();
  const code = jiti.transform({ source, filename: file, ts: true, async: true });
  if (code.includes('__JITI_ERROR__')) return undefined;
  if (kept !== undefined) keep(kept, code);
  return code;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A cache that can't be written is no error; half a file under the right name would be. */
function keep(path: string, code: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.${process.pid}`, code, { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
  } catch {}
}
