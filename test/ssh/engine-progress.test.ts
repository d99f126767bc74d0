import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Resource } from '../../src/engine/resource.js';
import { sh } from '../../src/shell/index.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';
import { role, runOn, stages } from './running.js';

let work: string;
let sshd: TestSshd | undefined;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-progress-'));
});
afterEach(async () => {
  await sshd?.stop();
  rmSync(work, { recursive: true, force: true });
});

/** Compiles 300 files in an instant, and 40 more at a file each fifth of a second, at least. */
const build = (): Resource => ({
  id: 'kernel image',
  probe: sh`[ -e ${join(work, 'image')} ] && echo built; :`,
  plan: ({ stdout }) =>
    stdout.trim() === 'built'
      ? undefined
      : {
          summary: 'compile the kernel',
          apply: sh`echo 'lvsctl: expecting 340 files'
i=0; while [ $i -lt 300 ]; do echo '  CC      kernel/fork.o'; i=$((i+1)); done
: > ${join(work, 'burst')}
while [ ! -e ${join(work, 'go')} ] && [ -d ${work} ]; do sleep 0.1; done
while [ $i -lt 340 ]; do echo 'gcc -D__KERNEL__ -c -o sched.o sched.c'; i=$((i+1)); sleep 0.2; done
: > ${join(work, 'image')}`,
        },
});

it.each(remoteShells)(
  'a build that lvsctl comes back to tells its share at once, and the time left by what it sees; sh = %s',
  async (shell) => {
    sshd = await startSshd({ shell, hostKeyTypes: ['ed25519'] });
    const book = stages({ roles: [role('kernel', () => [build()])] });
    const interrupted = new AbortController();
    await runOn([sshd.host()], book, {
      signal: interrupted.signal,
      sink: (event) => {
        if (event.type === 'host.progress') interrupted.abort();
      },
    });
    while (!existsSync(join(work, 'burst'))) await new Promise((resolve) => setTimeout(resolve, 20));

    let before = 0;
    const { outcome, of } = await runOn([sshd.host()], book, {
      sink: (event) => {
        if (event.type !== 'host.output' || ++before !== 301) return;
        // All of the past has come; time passes in which nothing is compiled, as in any other step.
        setTimeout(() => writeFileSync(join(work, 'go'), ''), 1500);
      },
    });
    expect(of('failure')).toEqual([]);
    expect(outcome).toMatchObject({ changed: 1, failed: 0 });
    const told = of('host.progress');
    expect(told[0]).toEqual({
      type: 'host.progress',
      ...{ host: 'rs1', resource: 'kernel image', unit: 'compiled', done: 0, total: 340 },
    });
    const past = told.filter(({ done }) => done <= 300);
    expect(past.map(({ secondsLeft }) => secondsLeft)).toEqual(past.map(() => undefined));
    const estimates = told.filter(({ done, secondsLeft }) => done < 340 && secondsLeft !== undefined);
    expect(estimates.length).toBeGreaterThan(0);
    // A fifth of a second each; had the past been counted, a file would take hundredths.
    for (const { done, secondsLeft = 0 } of estimates)
      expect(secondsLeft).toBeGreaterThanOrEqual(Math.floor((340 - done) * 0.15));
    expect(told.at(-1)).toMatchObject({ done: 340, total: 340 });
  },
);
