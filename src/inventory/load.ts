import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { keptTexts } from './cache.js';
import type { Cluster } from './cluster.js';
import { clusterOf } from './cluster-of.js';
import { codeFrame, type SourcePlace } from './code-frame.js';
import type { Draft } from './draft.js';
import { draftFromText, draftToText, exactText } from './draft-text.js';
import { evaluate, type OwnModules } from './evaluate.js';
import { InventoryError } from './problem.js';
import { type Surroundings, thisMachine } from './surroundings.js';

/**
 * Reads an inventory file (TypeScript, JavaScript or JSON), checks it and fills in every default.
 * @throws UsageError with file, line, column and source when the file can't be read or run
 * @throws InventoryError with all problems of what it exports
 */
export async function loadInventory(
  path: string,
  surroundings: Surroundings = thisMachine(),
): Promise<Cluster> {
  const file = resolve(path);
  const value = await importDefault(file, surroundings);
  try {
    return clusterOf(await soundDraft(value, file, surroundings), file, surroundings);
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    throw new InventoryError(file, error.problems, readFileSync(file, 'utf8'));
  }
}

/**
 * What the schema says of a value depends on the value alone, so it is kept: an inventory that exports what it exported before
 * is not held against the schema again, and the schema's library, a fifth of a short run, is not loaded.
 * @throws InventoryError with all problems
 */
async function soundDraft(value: unknown, file: string, surroundings: Surroundings): Promise<Draft> {
  const kept = keptTexts(surroundings, 'draft');
  const text = exactText(value);
  const before = text === undefined ? undefined : kept.recall(file, text);
  if (before !== undefined) return draftFromText(before);
  const { checkShape } = await import('./parse.js');
  const { draft, problems } = checkShape(value);
  // With problems of shape this throws, and tells what else is wrong.
  if (problems.length > 0) clusterOf(draft, file, surroundings, problems);
  else if (text !== undefined) kept.keep(file, text, draftToText(draft));
  return draft;
}

/**
 * The default export of a user's file, in which `lvsctl` is this very lvsctl. Playbooks are read with it too.
 * @param what for messages: `inventory`
 * @param modules further modules of ours that the file may import, by name
 * @throws UsageError with file, line, column and source
 */
export async function importDefault(
  file: string,
  surroundings: Surroundings = thisMachine(),
  what = 'inventory',
  modules: OwnModules = {},
): Promise<unknown> {
  const source = readSource(file, what);
  if (file.endsWith('.json')) return parseJson(file, source);
  const own: OwnModules = { ...modules, lvsctl: () => import('../index.js') };
  let exported: unknown;
  try {
    exported = await evaluate(file, source, own, surroundings);
  } catch (cause) {
    throw loadError(file, cause, what);
  }
  if (typeof exported === 'object' && exported !== null && 'default' in exported) return exported.default;
  throw new UsageError(`${file} has no default export`, {
    hint: `write \`export default define${what.charAt(0).toUpperCase()}${what.slice(1)}({ … })\``,
  });
}

function readSource(file: string, what: string): string {
  if (!existsSync(file))
    throw new UsageError(`${file}: there is no such file`, {
      hint: what === 'inventory' ? '`lvsctl init` writes an inventory to begin with' : 'check the path',
    });
  if (!statSync(file).isFile())
    throw new UsageError(`${file} is not a file`, { hint: `name the ${what} file itself` });
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} can’t be read: ${(cause as Error).message}`, {
      hint: 'check its permissions',
      cause,
    });
  }
}

function parseJson(file: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    const message = (cause as Error).message;
    const hint = 'correct the JSON';
    // Node 20 tells the position of some mistakes, later versions that of all but the end of the text.
    const position = /position (\d+)/.exec(message)?.[1];
    if (position === undefined) throw new UsageError(`${file}: ${message}`, { hint, cause });
    const before = source.slice(0, Number(position)).split('\n');
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    throw placedError(
      { file, place, source },
      message.replace(/ (?:in JSON )?at position.*/s, ''),
      cause,
      hint,
    );
  }
}

function loadError(file: string, cause: unknown, what: string): UsageError {
  if (!(cause instanceof Error))
    return new UsageError(`${file} throws ${JSON.stringify(cause) ?? String(cause)}`, {
      hint: `the ${what} file must run through and export its value`,
      cause,
    });
  const syntax = /^ParseError: (?<said>[^\n]*?)\s*\n\s*(?<file>\S.*?):(?<line>\d+):(?<column>\d+)\s*$/s.exec(
    cause.message,
  )?.groups;
  if (syntax) {
    const place = { line: Number(syntax.line), column: Number(syntax.column) + 1 };
    return placedError(
      sourceAt(syntax.file ?? file, place),
      syntax.said ?? '',
      cause,
      'correct the syntax at the mark, or just before it',
    );
  }
  const missing = /^Cannot find (?:module|package) '([^']+)'/.exec(cause.message)?.[1];
  const said = missing === undefined ? `${cause.name}: ${cause.message}` : `Cannot find module '${missing}'`;
  const hint =
    missing === undefined
      ? 'the error comes from this line of the file itself'
      : missing.startsWith('.') || missing.startsWith('/')
        ? 'correct the path, which is relative to the importing file'
        : `install it beside the file: npm install ${missing}`;
  // An import that fails does so outside the file; `sharpen` finds its line.
  const importing = missing === undefined ? undefined : { file, place: { line: 1, column: 1 } };
  const thrownAt = placeInStack(cause.stack ?? '') ?? importing;
  if (thrownAt === undefined) return new UsageError(`${file}: ${said}`, { hint, cause });
  const at = sourceAt(thrownAt.file, thrownAt.place);
  return placedError({ ...at, place: sharpen(at, cause.message, missing) }, said, cause, hint);
}

interface PlacedSource {
  readonly file: string;
  readonly place: SourcePlace;
  readonly source: string;
}

function sourceAt(file: string, place: SourcePlace): PlacedSource {
  return { file, place, source: existsSync(file) ? readFileSync(file, 'utf8') : '' };
}

function placedError(
  { file, place, source }: PlacedSource,
  said: string,
  cause: unknown,
  hint: string,
): UsageError {
  const frame = source === '' ? '' : `\n${codeFrame(source, place)}`;
  return new UsageError(`${file}:${place.line}:${place.column}: ${said}${frame}`, { hint, cause });
}

const ownFolder = `${import.meta.dirname}/`;

/** The topmost frame in a file of the user's: not Node's, not an installed package's, not ours. */
function placeInStack(stack: string): { file: string; place: SourcePlace } | undefined {
  for (const line of stack.split('\n')) {
    const frame =
      /(?:\(|at )(?:async )?(?:file:\/\/)?(?<file>\/[^()]*?):(?<line>\d+):(?<column>\d+)\)?$/.exec(
        line,
      )?.groups;
    const file = frame?.file;
    if (!frame || file === undefined || file.includes('/node_modules/') || file.startsWith(ownFolder))
      continue;
    return { file, place: { line: Number(frame.line), column: Number(frame.column) } };
  }
  return undefined;
}

/** jiti keeps lines, not columns: where the message names what was wrong, the column is where that stands in the line. */
function sharpen({ place, source }: PlacedSource, message: string, missing: string | undefined): SourcePlace {
  const lines = source.split('\n');
  if (missing !== undefined) {
    const line = lines.findIndex((text) => text.includes(`'${missing}'`) || text.includes(`"${missing}"`));
    if (line < 0) return place;
    return { line: line + 1, column: (lines[line]?.search(/['"][^'"]*['"]\s*\)?;?\s*$/) ?? 0) + 1 };
  }
  const text = lines[place.line - 1] ?? '';
  const name =
    /reading '([^']+)'/.exec(message)?.[1] ??
    /([A-Za-z_$][\w$]*)\)? is not (?:defined|a function|a constructor|iterable)/.exec(message)?.[1];
  const found = name === undefined ? -1 : text.indexOf(name);
  const indent = text.length - text.trimStart().length;
  const known = place.column <= text.length ? place.column : indent + 1;
  return { line: place.line, column: found >= 0 ? found + 1 : Math.max(known, indent + 1) };
}
