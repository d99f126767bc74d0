import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../src/engine/resource.js';
import { sh, trusted } from '../../src/shell/index.js';
import { provisionResources } from '../support/run-playbook.js';
import { startSshd, type TestSshd } from '../support/sshd.js';

let sshd: TestSshd;
beforeAll(async () => {
  sshd = await startSshd({ hostKeyTypes: ['ed25519'] });
});
afterAll(() => sshd.stop());

/** Writes into the job's own file `status`, and stays until that was seen, or as good as for ever. */
function spoils(status: string, seen: string): Resource {
  return {
    id: 'status',
    probe: sh`:`,
    plan: () => ({
      summary: 'spoil the status',
      apply: trusted(
        `printf %s ${sh`${status}`.text} > "\${LVSCTL_FILES%/files/*}/status"; n=0; while [ ! -e ${sh`${seen}`.text} ] && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.1; done`,
      ),
    }),
  };
}

describe('a job whose file of the exit status is', () => {
  it.each([
    ['rubbish', 'rubbish', '"rubbish"'],
    ['a number and more', '0 x', '"0 x"'],
    ['no exit status', '0000', '"0000"'],
    ['empty', '', 'an empty file'],
  ])('%s: a failure that says so, at once', async (_name, status, told) => {
    const seen = join(sshd.folder, `seen ${told}`);
    const { outcome, events } = await provisionResources(sshd.host(), [spoils(status, seen)]);
    writeFileSync(seen, '');
    expect(outcome).toMatchObject({ changed: 0, failed: 1 });
    const failures = events.filter((event) => event.type === 'failure');
    expect(failures).toMatchObject([
      {
        resource: 'status',
        message: `the job on the host left no exit status, but ${told}: its file system may have lost writes; this step is in doubt`,
      },
    ]);
    expect(events.filter((event) => event.type === 'remark')).toEqual([]);
  });
});
