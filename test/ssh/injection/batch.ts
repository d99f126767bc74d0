import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from './sandbox.js';

/** A script that a host would get. */
export interface Candidate {
  /** Where it comes from, for the message of a failure. */
  readonly origin: string;
  readonly text: string;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Only read by `sh -n`, not run. */
  readonly parseOnly?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Verdict extends Candidate {
  /** What executed a value, if anything did. */
  readonly executed: string | undefined;
  /** What `sh -n` said; undefined is good. */
  readonly syntax: string | undefined;
}

/**
 * Each script by itself, as the engine's job runs one: in /, under `set -e`, without stdin, its files in a folder.
 * A loop may wait for what never comes in a sandbox: such a script is ended after five seconds.
 */
const driver = `
i=0
while [ $i -lt "$1" ]; do
  s=/batch/$i
  sh -n $s/script 2> $s/syntax || : > $s/broken
  if [ -e $s/run ]; then
    ( cd /; LVSCTL_FILES=$s/files; export LVSCTL_FILES; [ ! -e $s/env ] || . $s/env
      if [ -s $s/run ]; then exec busybox timeout -s KILL 5 sh -e $s/script; else exec sh -e $s/script; fi ) </dev/null >/dev/null 2>&1
    if [ -e /CANARY ]; then mv /CANARY $s/executed; fi
  fi
  i=$((i+1))
done
# What a script put into the background may still be at it.
busybox sleep 0.2
echo "all $i"`;

/** Runs many scripts in one sandbox, one after the other, and tells what each of them did. */
export async function runBatch(sandbox: Sandbox, candidates: readonly Candidate[]): Promise<Verdict[]> {
  if (candidates.length === 0) return [];
  for (const [i, { text, files, env, parseOnly }] of candidates.entries()) {
    sandbox.write(`batch/${i}/script`, text);
    sandbox.folder(`batch/${i}/files`);
    for (const [name, content] of Object.entries(files ?? {}))
      sandbox.write(`batch/${i}/files/${name}`, content);
    if (!parseOnly) sandbox.write(`batch/${i}/run`, /\b(while|until)\b/.test(text) ? 'loop' : '');
    if (env) sandbox.write(`batch/${i}/env`, environment(env));
  }
  sandbox.forget();
  sandbox.write('batch/driver', driver);
  const { status, stdout, stderr } = await sandbox.run(`exec sh /batch/driver ${candidates.length}`);
  if (stdout.trim() !== `all ${candidates.length}`)
    throw new Error(`the sandbox did not run the batch to its end (${status}): ${stdout}${stderr}`);
  const text = (path: string): string | undefined => {
    try {
      return readFileSync(join(sandbox.root, 'batch', path), 'utf8');
    } catch {
      return undefined;
    }
  };
  const late = sandbox.executed();
  if (late !== undefined) throw new Error(`one of these scripts executed a value in the background: ${late}`);
  return candidates.map((candidate, i) => {
    const executed = text(`${i}/executed`);
    return {
      ...candidate,
      executed: executed === '' ? '(opened as a redirection)' : executed,
      syntax: text(`${i}/broken`) === undefined ? undefined : (text(`${i}/syntax`) ?? 'no word'),
    };
  });
}

/** Shell that sets variables, each read from a file so that no quoting of ours is in question. */
function environment(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=$(printf '%b' '${octal(value)}'); export ${name}\n`)
    .join('');
}

function octal(value: string): string {
  return [...Buffer.from(value)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
}
