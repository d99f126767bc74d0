import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireScript, type LockOwner, parseLock, releaseScript } from '../../src/engine/lock.js';
import { sh } from '../../src/shell/index.js';
import type { Host } from '../../src/ssh/host.js';
import { environmentPasswords, openHost } from '../../src/ssh/index.js';
import { stateFolder } from '../../src/ssh/jobs.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';

const alice: LockOwner = { token: 'a1', name: 'alice@ops1 pid 1' };
const bob: LockOwner = { token: 'b2', name: 'bob@ops2 pid 2' };

describe.each(remoteShells)('the lock of a host whose sh is %s', (shell) => {
  let sshd: TestSshd;
  let first: Host;
  let second: Host;
  const open = () => openHost(sshd.host(), { passwords: environmentPasswords({}) });
  const acquire = async (host: Host, owner: LockOwner, force = false) => {
    const { stdout, stderr, status } = await host.run(acquireScript(owner, force));
    return parseLock({ stdout: stdout.toString(), stderr: stderr.toString(), status });
  };
  beforeEach(async () => {
    sshd = await startSshd({ shell, hostKeyTypes: ['ed25519'] });
    [first, second] = await Promise.all([open(), open()]);
  });
  afterEach(async () => {
    await second.run(releaseScript(bob));
    await Promise.all([first.close(releaseScript(alice)), second.close()]);
    await sshd.stop();
  });

  it('is one owner’s, who is named with the time to whoever asks', async () => {
    expect(await acquire(first, alice)).toEqual({ kind: 'held' });
    expect(await acquire(first, alice)).toEqual({ kind: 'held' });
    expect(await acquire(second, bob)).toMatchObject({
      kind: 'refused',
      owner: alice.name,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /),
    });
  });

  it('is free when it was given back, and only its owner can do that', async () => {
    await acquire(first, alice);
    await second.run(releaseScript(bob));
    expect(await acquire(second, bob)).toMatchObject({ kind: 'refused' });
    await first.run(releaseScript(alice));
    expect(await acquire(second, bob)).toEqual({ kind: 'held' });
  });

  it('is taken over when the owner’s connection has ended, with a word about whose it was', async () => {
    await acquire(first, alice);
    await first.close();
    let state = await acquire(second, bob);
    // The server needs a moment to see that the connection is gone.
    while (state.kind === 'refused') state = await acquire(second, bob);
    expect(state).toMatchObject({
      kind: 'taken-over',
      left: expect.stringMatching(/^alice@ops1 pid 1, since /),
    });
    expect(await acquire(second, bob)).toEqual({ kind: 'held' });
  });

  it('is taken over when it is of an earlier boot', async () => {
    await acquire(first, alice);
    const boot = await first.run(sh`cat /proc/sys/kernel/random/boot_id`);
    const file = `${stateFolder}/lock/owner`;
    const before = (await first.run(sh`cat ${file}`)).stdout.toString();
    const earlier = before.replace(boot.stdout.toString().trim(), '00000000-0000-4000-8000-000000000000');
    expect(earlier).not.toBe(before);
    await first.run(sh`printf %s ${earlier} > ${file}`);
    expect(await acquire(second, bob)).toMatchObject({ kind: 'taken-over' });
    expect(await acquire(first, alice)).toMatchObject({ kind: 'refused', owner: bob.name });
  });

  it('is taken from an owner whose lvsctl is known to be dead', async () => {
    await acquire(first, alice);
    expect(await acquire(second, bob, true)).toMatchObject({ kind: 'taken-over' });
  });
});
