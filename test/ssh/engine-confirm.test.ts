import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Resource } from '../../src/engine/resource.js';
import { confirmed, isArmed, undoTimer } from '../../src/resources/undoTimer.js';
import { sh, shLines } from '../../src/shell/index.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';
import { runOut } from '../support/timers.js';
import { role, runOn, stages } from './running.js';

/** A change that may cut lvsctl's own connection, on a host that takes it back. The way to the host is a file, and a server that comes and goes with it. */
let work: string;
let sshd: TestSshd;
let watching: NodeJS.Timeout;
let moving: Promise<void> = Promise.resolve();
let reachable = true;

const text = (name: string): string =>
  existsSync(join(work, name)) ? readFileSync(join(work, name), 'utf8').trim() : '';

async function start(shell: (typeof remoteShells)[number]): Promise<void> {
  sshd = await startSshd({ hostKeyTypes: ['ed25519'], bootId: randomUUID(), shell });
  reachable = true;
  watching = setInterval(() => {
    const now = text('way') !== 'lost';
    if (now === reachable) return;
    reachable = now;
    moving = moving.then(async () => {
      await (now ? sshd.boot() : sshd.halt());
      writeFileSync(join(work, 'moved'), '');
    });
  }, 20);
}

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'lvsctl-confirm-'));
  writeFileSync(join(work, 'way'), 'old\n');
});
afterEach(async () => {
  clearInterval(watching);
  await moving;
  await sshd.stop();
  rmSync(work, { recursive: true, force: true });
});

const way = (to: string, withinSeconds = 3): Resource => {
  const file = join(work, 'way');
  // The old connection must be gone with the way before the change ends, or it would be used once more.
  const settled =
    to === 'lost' ? sh`while [ ! -e ${join(work, 'moved')} ]; do sleep 0.1; done` : sh`sleep 0.2`;
  return {
    id: 'way',
    probe: shLines(sh`cat ${file}`, isArmed('way')),
    plan({ stdout }) {
      const [is, armed] = stdout.trim().split('\n');
      if (is === to) return armed ? { summary: `keep ${to}`, apply: confirmed('way') } : undefined;
      return {
        summary: `go by ${to}`,
        apply: shLines(
          undoTimer,
          sh`undo_after way ${withinSeconds} sh -c 'echo old > "$1"' sh ${file}`,
          sh`echo ${to} > ${file}; echo way >> ${join(work, 'applied')}`,
          settled,
        ),
        confirm: { withinSeconds, script: confirmed('way'), hint: 'name another way' },
      };
    },
  };
};

const line = (name: string): Resource => ({
  id: `line ${name}`,
  probe: sh`cat ${join(work, name)} 2>/dev/null; :`,
  plan: ({ stdout }) =>
    stdout === ''
      ? {
          summary: `write ${name}`,
          apply: sh`echo 1 > ${join(work, name)}; echo ${name} >> ${join(work, 'applied')}`,
        }
      : undefined,
});

const book = (to: string, seconds?: number) =>
  stages({ roles: [role('way', () => [line('before'), way(to, seconds), line('after')])] });

describe.each(remoteShells)('a change that lvsctl may lose the host by, sh = %s', (shell) => {
  it('stays once lvsctl has logged in anew; what comes after is done then, and the next run changes nothing', async () => {
    await start(shell);
    const { outcome, of } = await runOn([sshd.host()], book('new', 60));
    expect(of('failure')).toEqual([]);
    expect(outcome).toMatchObject({ changed: 3, failed: 0 });
    expect(text('applied').split('\n')).toEqual(['before', 'way', 'after']);
    const steps = of('host.step').map(({ step }) => step);
    expect(steps.slice(steps.indexOf('confirm'), steps.indexOf('confirm') + 3)).toEqual([
      'confirm',
      'connect',
      'probe',
    ]);
    expect(of('change.planned').map(({ summary }) => summary)).toEqual([
      'write before',
      'go by new',
      'write after',
    ]);
    await runOut(`${work}/way`);
    expect(text('way')).toBe('new');
    const again = await runOn([sshd.host()], book('new', 60));
    expect(again.outcome).toMatchObject({ changed: 0, failed: 0 });
    expect(again.of('host.end')[0]?.summary.connections).toBe(1);
  });

  it('is taken back when the host can’t be reached with it, and the run says what to do; nothing after it is done', async () => {
    await start(shell);
    const { outcome, of } = await runOn([sshd.host()], book('lost'), {
      reconnectDelays: [200, 500, ...Array<number>(60).fill(1000)],
    });
    expect(of('failure')).toMatchObject([
      {
        host: 'rs1',
        resource: 'way',
        message:
          'the host could not be reached with the change within 3 s, and has taken it back: its timer has run out',
        hint: 'name another way',
      },
    ]);
    expect(outcome).toMatchObject({ changed: 1, failed: 1 });
    expect(text('way')).toBe('old');
    expect(text('applied').split('\n')).toEqual(['before', 'way']);
  });

  it('that a killed run has left unconfirmed is confirmed by the next one that comes in time', async () => {
    await start(shell);
    const killed = new AbortController();
    await runOn([sshd.host()], book('new', 60), {
      signal: killed.signal,
      reconnectDelays: [],
      sink: (event) => {
        if (event.type === 'change.end' && event.resource === 'way') killed.abort();
      },
    });
    expect(text('way')).toBe('new');
    expect(text('after')).toBe('');
    const next = await runOn([sshd.host()], book('new', 60));
    expect(next.of('failure')).toEqual([]);
    expect(next.of('change.planned').map(({ summary }) => summary)).toEqual(['keep new', 'write after']);
    expect(sshd.inside('ls /var/lib/lvsctl/undo')).toMatch(/^way\.\d+\.kept\n$/);
  });

  it('tells that it takes the change back, where the host is not heard of as long as lvsctl waits', async () => {
    await start(shell);
    const { of } = await runOn([sshd.host()], book('new', 20), {
      reconnectDelays: [1500, 300],
      // It is lost to new connections alone, as soon as the old one is to end.
      sink: (event) => {
        if (event.type === 'host.step' && event.step === 'confirm')
          writeFileSync(join(work, 'way'), 'lost\n');
      },
    });
    expect(of('failure')).toMatchObject([
      {
        host: 'rs1',
        resource: 'way',
        message: expect.stringMatching(
          /^the connection was lost while a change was to be confirmed, and rs1 can't be reached again: /,
        ),
        hint: 'the host takes the change back 20 s after it was made; then name another way',
      },
    ]);
    writeFileSync(join(work, 'way'), 'old\n');
  });
});
