import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { matches, pathDanger } from './pattern.js';
import { outputOf, ProgramFailed } from './program.js';
import type { DiffStructure } from './structure.js';

/** The largest patch between two kernels is smaller. Bytes, unpacked. */
const MOST = 64 * 1024 * 1024;

/** One file in a unified diff. */
export interface FileDiff {
  /** As written, `/dev/null` for none. */
  readonly before: string;
  readonly after: string;
  /** Lines with `+`, without it. */
  readonly added: readonly string[];
}

/**
 * Reads a unified diff as patch(1) does: text between the parts is passed over, the counts of each hunk must be right.
 * @throws ProgramFailed for a hunk that is cut off or damaged
 */
export function parseDiff(text: string): FileDiff[] {
  const lines = text.split('\n');
  const files: FileDiff[] = [];
  let at = 0;
  while (at < lines.length) {
    const before = nameIn(lines[at], '---');
    const after = nameIn(lines[at + 1], '+++');
    if (before === undefined || after === undefined || !lines[at + 2]?.startsWith('@@ ')) {
      at += 1;
      continue;
    }
    const added: string[] = [];
    for (at += 2; lines[at]?.startsWith('@@ '); ) at = readHunk(lines, at, added);
    files.push({ before, after, added });
  }
  return files;
}

/** `--- name<tab>date`; the date is left out. */
function nameIn(line: string | undefined, mark: string): string | undefined {
  if (!line?.startsWith(`${mark} `)) return undefined;
  return line.slice(4).replace(/\r$/, '').split('\t')[0]?.trim();
}

/** Returns where the hunk ends. */
function readHunk(lines: readonly string[], start: number, added: string[]): number {
  const header = lines[start] ?? '';
  const counts = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(header);
  if (counts === null) throw new ProgramFailed(`line ${start + 1} is no head of a hunk: ${header}`);
  let [old, fresh] = [Number(counts[1] ?? 1), Number(counts[2] ?? 1)];
  let at = start + 1;
  while (old > 0 || fresh > 0) {
    const line = lines[at];
    // Mail and editors take the one blank of an empty line away; patch(1) forgives it too.
    const mark = line === '' || line === '\r' ? ' ' : line?.charAt(0);
    const isLast = at === lines.length - 1 && line === '';
    if (line === undefined || isLast || mark === undefined || !' +-\\'.includes(mark))
      throw new ProgramFailed(`the hunk in line ${start + 1} is cut off or damaged at line ${at + 1}`);
    if (mark === ' ' || mark === '-') old -= 1;
    if (mark === ' ' || mark === '+') fresh -= 1;
    if (mark === '+') added.push(line.slice(1));
    at += 1;
  }
  if (old < 0 || fresh < 0)
    throw new ProgramFailed(`the hunk in line ${start + 1} has other lines than it says`);
  while (lines[at]?.startsWith('\\')) at += 1;
  return at;
}

/** Why a diff is not what is expected; none when it may be trusted. @throws ProgramFailed when it is no diff */
export async function diffProblems(
  path: string,
  expected: DiffStructure,
  signal?: AbortSignal,
): Promise<string[]> {
  const files = parseDiff((await unpacked(path, signal)).toString('latin1'));
  if (files.length === 0) return ['has no unified diff in it'];
  const { touches, mayTouch, adds } = expected;
  const allowed = [...touches, ...mayTouch];
  const isAllowed = (name: string) => allowed.some((pattern) => matches(pattern, name));
  const problems: string[] = [];
  const touched = new Set<string>();
  for (const { before, after } of files) {
    const names = [before, after].filter((name) => name !== '/dev/null');
    for (const name of names) {
      const danger = pathDanger(name);
      if (danger !== undefined) problems.push(`changes ${JSON.stringify(name)}, which ${danger}`);
    }
    const stripped = names.map((name) => name.split('/').slice(1).join('/'));
    const known = stripped.find(isAllowed);
    if (known === undefined)
      problems.push(`changes ${stripped.at(-1) || names.at(-1)}, which it has no business with`);
    else touched.add(known);
  }
  for (const name of touches) if (!touched.has(name)) problems.push(`does not change ${name}`);
  const added = files.flatMap((file) => file.added).join('\n');
  for (const { pattern, what } of adds) if (!pattern.test(added)) problems.push(`does not add ${what}`);
  return problems;
}

/** The text of a file that may be compressed, told by its first bytes. */
async function unpacked(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const { size } = await stat(path);
  if (size > MOST) throw new ProgramFailed(`is larger than ${MOST} bytes`);
  const content = await readFile(path);
  const magic = content.subarray(0, 6).toString('latin1');
  if (magic.startsWith('\u001f\u008b')) {
    return promisify(gunzip)(content, { maxOutputLength: MOST }).catch((error: Error) => {
      throw new ProgramFailed(`gzip: ${error.message}`);
    });
  }
  if (magic.startsWith('BZh')) return outputOf('bzip2', ['-dc', path], MOST, signal);
  if (magic.startsWith('\u00fd7zXZ')) return outputOf('xz', ['-dc', path], MOST, signal);
  return content;
}
