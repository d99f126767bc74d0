import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change, ProbeOutput, Resource } from '../../../src/engine/resource.js';
import { textOfBytes } from '../../../src/shell/index.js';
import { bytesOf } from '../../support/change-files.js';
import { removedAtEnd } from '../../support/folders.js';
import { hostShells } from '../../support/host-shells.js';

/** The shells that a host may have as /bin/sh, of those on this machine; each as name, and program with arguments before the script. */
export const shells: readonly (readonly [name: string, command: readonly string[]])[] = hostShells.map(
  ({ name, argv }) => [name === 'bash' ? 'bash --posix' : name, argv],
);

/** Removed when the test file ends. */
export const temporaryFolder = (): string => removedAtEnd(mkdtempSync(join(tmpdir(), 'lvsctl-resource-')));

function run(shell: readonly string[], args: readonly string[], environment: NodeJS.ProcessEnv): ProbeOutput {
  const [program = '', ...before] = shell;
  const result = spawnSync(program, [...before, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error) throw result.error;
  return {
    stdout: textOfBytes(result.stdout),
    stderr: result.stderr.toString('utf8'),
    status: result.status ?? 255,
  };
}

/** As the engine does it: in a subshell, without stdin. */
export function probe(
  shell: readonly string[],
  resource: Resource,
  environment: NodeJS.ProcessEnv = {},
): ProbeOutput {
  return run(shell, ['-c', `(\n${resource.probe.text}\n) </dev/null`], environment);
}

/** As the engine does it: in a child shell under `set -e`, without stdin, with the change's files in a folder. */
export function apply(
  shell: readonly string[],
  change: Change,
  environment: NodeJS.ProcessEnv = {},
): ProbeOutput {
  const folder = temporaryFolder();
  const files = join(folder, 'files');
  mkdirSync(files);
  for (const [name, content] of Object.entries(change.files ?? {}))
    writeFileSync(join(files, name), bytesOf(content));
  writeFileSync(join(folder, 'change'), change.apply.text);
  return run(shell, ['-e', join(folder, 'change')], { LVSCTL_FILES: files, ...environment });
}

export const nothingChanging = { changing: new Set<string>() };

/** Probe, plan, apply, probe again: what is left to do afterwards, and what was done. */
export function converge(
  shell: readonly string[],
  resource: Resource,
  environment: NodeJS.ProcessEnv = {},
): { change: Change | undefined; left: Change | undefined } {
  const change = resource.plan(probe(shell, resource, environment), nothingChanging);
  if (!change) return { change, left: undefined };
  const done = apply(shell, change, environment);
  if (done.status !== 0) throw new Error(`apply: exit ${done.status}: ${done.stderr}`);
  return { change, left: resource.plan(probe(shell, resource, environment), nothingChanging) };
}

/** A probe's answer by hand. */
export function said(stdout: string, status = 0, stderr = ''): ProbeOutput {
  return { stdout, stderr, status };
}

/** A folder of fake commands, to stand before the PATH: each a sh script. */
export function fakeCommands(commands: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(commands))
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}
