import { LvsctlError } from '../errors.js';
import type { Host } from '../ssh/host.js';
import { runSections } from '../ssh/sections.js';
import { acquireScript, type LockOwner, parseLock } from './lock.js';
import type { ProbeOutput } from './resource.js';

/** How a refusal is met: once with the lock taken by force, once after a pause. */
interface Attempt {
  readonly force?: boolean;
  readonly patience?: number;
}

/**
 * Takes the host's lock, and waits a moment for a run that is just ending.
 * @param answer of an {@link acquireScript} that has run already
 * @returns whose lock was left behind and taken over, if one was
 * @throws LvsctlError when another run has it
 */
export async function takeLock(
  host: Host,
  owner: LockOwner,
  answer?: ProbeOutput,
  { force = false, patience = 1 }: Attempt = {},
): Promise<string | undefined> {
  const again = (attempt: Attempt) => takeLock(host, owner, undefined, attempt);
  const state = parseLock(answer ?? (await acquire(host, owner, force)));
  if (state.kind === 'held') return undefined;
  if (state.kind === 'taken-over') return state.left;
  if (state.kind === 'error')
    throw new LvsctlError(`the lock on ${host.name} can't be taken: ${state.message}`, {
      host: host.name,
      resource: 'lock',
      hint: 'lvsctl needs root there, and room in /var/lib/lvsctl',
    });
  // The owner's remote shell may live on for hours when its connection died silently; its controller process tells more.
  if (state.ownerPidHere !== undefined && !processAlive(state.ownerPidHere))
    return again({ force: true, patience });
  // An interrupted run's remote shell needs a moment to see that its connection is gone.
  if (patience > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return again({ patience: patience - 1 });
  }
  throw new LvsctlError(`${state.owner} works on ${host.name} since ${state.since}`, {
    host: host.name,
    resource: 'lock',
    hint: 'wait for that run to end, or end it; the lock goes with it',
  });
}

async function acquire(host: Host, owner: LockOwner, force: boolean): Promise<ProbeOutput> {
  const outputs = await runSections(host, new Map([['lock', acquireScript(owner, force)]]));
  return outputs.get('lock') ?? { stdout: '', stderr: 'no answer', status: 255 };
}

function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
