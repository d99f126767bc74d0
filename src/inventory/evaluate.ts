import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { runInThisContext } from 'node:vm';
import type { Jiti } from 'jiti';
import { cacheFolder, keptTexts } from './cache.js';
import type { Surroundings } from './surroundings.js';

/** Modules of ours that a user's file may import, loaded when it does. */
export type OwnModules = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * Runs a user's TypeScript and returns its exports. jiti translates it; the translation of an unchanged file is kept, and then jiti
 * itself is not even loaded, which is a tenth of a short run. What the file imports beside `modules` is jiti's business again.
 * @throws what the file throws, and jiti's ParseError
 */
export async function evaluate(
  file: string,
  source: string,
  modules: OwnModules,
  surroundings: Surroundings,
): Promise<unknown> {
  let jiti: Promise<Jiti> | undefined;
  const loadJiti = (): Promise<Jiti> => {
    jiti ??= createJiti(file, modules, cacheFolder(surroundings));
    return jiti;
  };
  const code = /\.(m?ts|mjs)$/.test(file) ? await translate(file, source, surroundings, loadJiti) : undefined;
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
  surroundings: Surroundings,
  loadJiti: () => Promise<Jiti>,
): Promise<string | undefined> {
  const kept = keptTexts(surroundings, 'js');
  const before = kept.recall(file, source);
  if (before !== undefined) return before;
  const code = (await loadJiti()).transform({ source, filename: file, ts: true, async: true });
  if (code.includes('__JITI_ERROR__')) return undefined;
  kept.keep(file, source, code);
  return code;
}
