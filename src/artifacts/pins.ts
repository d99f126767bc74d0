import { readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { LvsctlError, UsageError } from '../errors.js';

/** What a file without a known digest turned out to be when it was first used, for review. */
export interface Pin {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** URL, or `import FILE`. */
  readonly from: string;
  /** Day of the first use, UTC: `2024-05-01`. */
  readonly date: string;
}

/** By artifact name. */
export type Pins = ReadonlyMap<string, Pin>;

export const LOCK_FILE = 'lvsctl.lock.json';

const VERSION = 1;

/** None when there is no such file. @throws UsageError when it is not what {@link writePins} writes */
export async function readPins(path: string): Promise<Pins> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UsageError(`${path} can't be read: ${error.message}`, {
      hint: 'check its permissions',
      cause: error,
    });
  });
  if (text === undefined) return new Map();
  const value = parse(text, path);
  if (!isRecord(value) || value.version !== VERSION || !isRecord(value.artifacts))
    throw broken(path, `it has no "version": ${VERSION} with "artifacts"`);
  return new Map(Object.entries(value.artifacts).map(([name, pin]) => [name, checkPin(path, name, pin)]));
}

/** Sorted and indented, so that its differences can be reviewed. Replaced as a whole. */
export async function writePins(path: string, pins: Pins): Promise<void> {
  const artifacts: Record<string, Pin> = {};
  for (const name of [...pins.keys()].sort()) {
    const { file, size, sha256, from, date } = pins.get(name) as Pin;
    artifacts[name] = { file, size, sha256, from, date };
  }
  const fresh = `${path}.${process.pid}.new`;
  try {
    await writeFile(fresh, `${JSON.stringify({ version: VERSION, artifacts }, undefined, 2)}\n`);
    await rename(fresh, path);
  } catch (cause) {
    throw new LvsctlError(`${path} can't be written: ${(cause as Error).message}`, {
      hint: 'the pins belong beside the inventory, into version control: make its folder writable',
      cause,
    });
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw broken(path, (cause as Error).message);
  }
}

function checkPin(path: string, name: string, pin: unknown): Pin {
  const at = `artifacts[${JSON.stringify(name)}]`;
  if (!isRecord(pin)) throw broken(path, `${at} is no object`);
  const { file, size, sha256, from, date } = pin;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    throw broken(path, `${at}.sha256 is ${JSON.stringify(sha256)}, not 64 lower-case hex digits`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw broken(path, `${at}.size is ${JSON.stringify(size)}, not a number of bytes`);
  if (typeof file !== 'string' || typeof from !== 'string' || typeof date !== 'string')
    throw broken(path, `${at} lacks "file", "from" or "date"`);
  return { file, size, sha256, from, date };
}

const broken = (path: string, what: string) =>
  new UsageError(`${path}: ${what}`, {
    hint: `take ${basename(path)} from version control again; lvsctl itself never writes it like this`,
  });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
