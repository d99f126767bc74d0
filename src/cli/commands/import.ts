import { readFile, writeFile } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import {
  FORMATS,
  type GivenDirector,
  type ImportFormat,
  type ImportResult,
  importInventory,
  type LostLine,
  recogniseFormat,
} from '../../convert/index.js';
import { UsageError } from '../../errors.js';
import { parseAddress } from '../../inventory/address.js';
import { createPaint, createReporter, type Paint } from '../../report/index.js';
import { type Context, EXIT, type OutputOptions, wantsColor } from '../context.js';

export interface ImportOptions extends OutputOptions {
  /** A file, or `-` for stdout. */
  readonly output: string;
  readonly force?: boolean;
  readonly from?: ImportFormat;
  /** `NAME=ADDRESS/PREFIX`, each. */
  readonly director?: readonly string[];
}

/**
 * Writes an inventory from what another program is configured with, and tells every line that is not in it. Contacts nothing.
 * @throws UsageError where the file is none of those that are known, has no service that can be carried over, or would be overwritten
 */
export async function importFile(context: Context, file: string, options: ImportOptions): Promise<number> {
  const begun = Date.now();
  const directors = (options.director ?? []).map(directorOf);
  const text = await textOf(resolve(context.cwd, file));
  const format = options.from ?? recogniseFormat(text);
  if (format === undefined)
    throw new UsageError(
      `${file} is not known: it has neither \`-A\` lines, nor virtual_server, nor virtual=`,
      {
        hint: `name what it is: --from ${FORMATS.join(', --from ')}`,
      },
    );
  const result = importInventory(text, format, { source: basename(file), directors });
  const output = options.output === '-' ? undefined : resolve(context.cwd, options.output);
  if (output !== undefined) await write(output, result.text, options.force === true);
  if (options.json) {
    const { sink } = await createReporter({ mode: 'json', stream: context.stdout });
    sink({ type: 'run.start', command: 'import', cluster: '', hosts: [] });
    sink({
      type: 'import',
      format,
      ...(output === undefined ? { text: result.text } : { file: output }),
      hosts: result.draft.directors.length + result.draft.realServers.length,
      services: result.draft.services.length,
      gaps: result.gaps,
    });
    for (const lost of result.lost) sink({ type: 'import.lost', ...lost });
    const seconds = (Date.now() - begun) / 1000;
    sink({ type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds });
    return EXIT.converged;
  }
  const errors = createPaint(
    wantsColor({ ...context, stdout: context.stdout }, options) && context.stderr.isTTY === true,
  );
  if (output === undefined) context.stdout.write(result.text);
  else {
    const shown = relative(context.cwd, output) || output;
    const paint = createPaint(wantsColor(context, options));
    context.stdout.write(`${writtenText(shown, result, paint).join('\n')}\n`);
  }
  context.stderr.write(
    lostText(file, text, result.lost, errors)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return EXIT.converged;
}

/** `lvs1=192.0.2.2/24` */
function directorOf(text: string): GivenDirector {
  const [, name, written] = /^([A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?)=(\S+)$/.exec(text) ?? [];
  const parsed = written === undefined ? undefined : parseAddress(written);
  if (name === undefined || parsed === undefined || name === 'all')
    throw new UsageError(`--director: ${JSON.stringify(text)} is not a name and an address`, {
      hint: 'write for example --director lvs1=192.0.2.2/24',
    });
  const { address, prefix } = parsed;
  return { name, address, ...(prefix !== undefined && { prefix }) };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`${path} can't be read: ${(cause as Error).message}`, {
      hint: 'name a file from `ipvsadm -Sn`, a keepalived.conf or a ldirectord.cf',
      cause,
    });
  }
}

async function write(path: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new UsageError(`${path} is there already, and is left as it is`, {
        hint: 'give another name with --output, or overwrite it with --force',
      });
    if (code === undefined) throw cause;
    throw new UsageError(`${path} can't be written: ${(cause as Error).message}`, {
      hint: 'name a file in a folder that exists and is yours, or `--output -` for stdout',
      cause,
    });
  }
}

function writtenText(file: string, { format, draft, gaps, lost }: ImportResult, paint: Paint): string[] {
  const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const servers = draft.services.reduce((sum, { realServers }) => sum + realServers.length, 0);
  return [
    `${paint.good('✓')} ${file} written from ${format}: ${count(draft.services.length, 'service')}, ${count(servers, 'real server')} in them, ${count(draft.directors.length + draft.realServers.length, 'host')}.`,
    '',
    'What to do next:',
    ...(gaps.length > 0 ? ['  Fill in what the file does not say:', ...gaps.map((gap) => `    ${gap}`)] : []),
    ...(lost.length > 0 ? ['  Read below what was not carried over.'] : []),
    `  lvsctl validate ${file}       check it; nothing is contacted`,
    `  lvsctl plan ${file}           see what would change on the hosts`,
    '',
  ];
}

/** By reason: lines that stand together and have the same are told together. */
function lostText(file: string, text: string, lost: readonly LostLine[], paint: Paint): string[] {
  if (lost.length === 0) return [];
  const all = text.split('\n').filter((line) => line.trim() !== '').length;
  const lines = [
    paint.change(`${lost.length} of ${all} lines of ${file} are not in the inventory, or not as they stand:`),
  ];
  let reason: string | undefined;
  const wide = String(lost.at(-1)?.line ?? 0).length;
  for (const each of lost) {
    if (each.reason !== reason) lines.push(`  ${each.reason}`);
    reason = each.reason;
    lines.push(`    ${String(each.line).padStart(wide)}  ${paint.quiet(each.text)}`);
  }
  return lines;
}
