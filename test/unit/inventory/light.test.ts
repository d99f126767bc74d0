import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../../../src', import.meta.url));

/** Packages that a module loads at once, its own imports followed; types and dynamic imports load nothing. */
function packagesLoadedBy(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  if (!existsSync(file)) throw new Error(`${file} is imported, and not there`);
  const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [, kind, name = ''] of code.matchAll(
    /^(?:import|export)\s(type\s)?(?:[\w$*{},\s]*\sfrom\s)?['"]([^'"]+)['"];$/gm,
  )) {
    if (kind || name.startsWith('node:')) continue;
    if (!name.startsWith('.')) packages.add(name);
    else
      for (const each of packagesLoadedBy(resolve(dirname(file), name.replace(/\.js$/, '.ts')), seen))
        packages.add(each);
  }
  return packages;
}

test('what an inventory imports from lvsctl loads no package', () => {
  expect([...packagesLoadedBy(join(SRC, 'index.ts'))]).toEqual([]);
});

test('the translator and the schema are loaded for a file that is not known yet, not before', () => {
  const packages = packagesLoadedBy(join(SRC, 'inventory/index.ts'));
  expect(packages).toContain('ip-address');
  expect(packages).not.toContain('jiti');
  expect(packages).not.toContain('zod');
});

test('the roles load no schema before they are used', () => {
  expect([...packagesLoadedBy(join(SRC, '../roles/index.ts'))]).not.toContain('zod');
});
