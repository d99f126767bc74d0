import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobStateScript, stateFolder } from '../../../src/ssh/jobs.js';
import { hostShells } from '../../support/host-shells.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsctl-job-state-'));
  mkdirSync(join(folder, 'jobs/j1'), { recursive: true });
  writeFileSync(join(folder, 'jobs/current'), 'j1\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each(hostShells)('the state of the newest job, in $name', ({ argv: [command = '', ...args] }) => {
  /** @param prepare sh that runs in the job's folder, beside the script */
  async function state(prepare: string): Promise<string> {
    const script = `cd '${folder}/jobs/j1'\n${prepare}\n${jobStateScript.text.replaceAll(stateFolder, folder)}`;
    const child = spawn(command, [...args, '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    return (await text(child.stdout)).trim();
  }
  const gone = '4194303999 1 boot';

  it.each([
    [
      'running',
      // As the job writes it: pid, start time, boot.
      `read -r stat < /proc/$$/stat; set -- \${stat##*) }; read -r boot < /proc/sys/kernel/random/boot_id; echo "$$ \${20} $boot" > pid`,
    ],
    ['died', `echo ${gone} > pid`],
    ['finished', `echo ${gone} > pid; echo 0 > status`],
  ])('is %s', async (word, prepare) => {
    expect(await state(prepare)).toBe(`j1 ${word}`);
  });

  it('is finished where the job ends while it is asked', async () => {
    // The asker waits in the pipe for the process that it looks for next, and has found no status before.
    const ends = `mkfifo pid; (exec 9> pid; echo 0 > status; echo ${gone} >&9) & `;
    expect(await state(ends)).toBe('j1 finished');
  });
});
