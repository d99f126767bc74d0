import { setTimeout as pause } from 'node:timers/promises';
import { LvsctlError, OutcomeUnknownError } from '../errors.js';
import { type Sh, sh, shLines, trusted } from '../shell/index.js';
import type { Host } from '../ssh/host.js';

export interface RebootOptions {
  readonly host: Host;
  /** Of the boot that is to end. */
  readonly bootId: string;
  readonly withinSeconds: number;
  /** Logs in anew. */
  readonly open: () => Promise<Host>;
  /** Rides along with the word to reboot. */
  readonly notes: readonly Sh[];
  readonly signal: AbortSignal;
  /** Milliseconds between two attempts to come back; 2000 unless given. */
  readonly pollMs?: number;
}

const readBoot = trusted(
  'boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot < /proc/sys/kernel/random/boot_id',
);

/**
 * Reboots the host only while it is in the boot that was meant: the script may be sent again when nobody knows whether it arrived.
 * The word is given a second later and away from the connection, so that its answer gets through and its end does not matter.
 */
function rebootScript(bootId: string): Sh {
  return shLines(
    readBoot,
    sh`[ "$boot" = ${bootId} ] || exit 0`,
    trusted(`sync
go='sleep 1; shutdown -r now || reboot'
if command -v setsid >/dev/null 2>&1; then setsid sh -c "$go" </dev/null >/dev/null 2>&1 &
else nohup sh -c "$go" </dev/null >/dev/null 2>&1 & fi`),
  );
}

/**
 * Reboots a host and waits for its next life. Returns the new connection; the old one is ended.
 * @throws LvsctlError when it is not back in time, with what is known
 */
export async function rebootHost(options: RebootOptions): Promise<Host> {
  const { host, bootId, withinSeconds, signal } = options;
  const { name } = host;
  if (bootId === '')
    throw new LvsctlError(`${name} is not rebooted: its kernel has no boot id to know the next boot by`, {
      host: name,
      hint: 'mount /proc there; /proc/sys/kernel/random/boot_id must be readable',
    });
  const deadline = Date.now() + withinSeconds * 1000;
  let told = await tell(host, shLines(...options.notes, rebootScript(bootId)));
  await host.close().catch(() => undefined);
  let last = '';
  let sameBoot = false;
  while (Date.now() < deadline) {
    await pause(Math.min(options.pollMs ?? 2000, Math.max(1, deadline - Date.now())));
    if (signal.aborted) throw interrupted(name);
    const back = await attempt(options, deadline).catch((error: Error) => error);
    if (signal.aborted && back instanceof Error) throw interrupted(name);
    if (back instanceof Error) {
      // What was found before says more than a login that the deadline cut off.
      if (back instanceof Late && last !== '') continue;
      last = back.message;
      sameBoot = false;
      continue;
    }
    last = 'it was in the same boot';
    if (back.boot !== bootId) return back.host;
    sameBoot = true;
    // It has not been told, or it is still on its way down.
    if (!told) told = await tell(back.host, rebootScript(bootId)).catch(() => false);
    await back.host.close().catch(() => undefined);
  }
  throw sameBoot ? stillThere(name, withinSeconds) : notBack(name, withinSeconds, last);
}

/** False: the connection was lost before the answer, so the word may have got through or not. */
async function tell(host: Host, script: Sh): Promise<boolean> {
  try {
    const { status, stderr } = await host.run(script);
    if (status === 0) return true;
    throw new LvsctlError(
      `${host.name} can't be told to reboot: ${stderr.toString('utf8').trim() || `status ${status}`}`,
      { host: host.name, hint: 'reboot it by hand, then run lvsctl again, which goes on from what it finds' },
    );
  } catch (error) {
    if (error instanceof OutcomeUnknownError) return false;
    throw error;
  }
}

/** A login that took until the deadline. */
class Late extends Error {}

/** One login, and the question which boot this is; given up at the deadline. */
async function attempt(
  { open }: RebootOptions,
  deadline: number,
): Promise<{ readonly host: Host; readonly boot: string }> {
  const over = new AbortController();
  const late = pause(Math.max(1, deadline - Date.now()), undefined, { signal: over.signal }).then(() => {
    throw new Late('it was still trying to log in');
  });
  const asking = open().then(async (host) => {
    try {
      const { stdout } = await host.run(shLines(readBoot, trusted('echo "$boot"')));
      return { host, boot: stdout.toString('latin1').trim() };
    } catch (error) {
      await host.close().catch(() => undefined);
      throw error;
    }
  });
  try {
    return await Promise.race([asking, late]);
  } catch (error) {
    // A login that succeeds after all is of no use any more.
    void asking.then(({ host }) => host.close()).catch(() => undefined);
    throw error;
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

const interrupted = (host: string) =>
  new LvsctlError(`interrupted while ${host} was rebooting`, {
    host,
    hint: 'run lvsctl again when it is back: it looks first and goes on from what it finds',
  });

const notBack = (host: string, seconds: number, last: string) =>
  new LvsctlError(
    `${host} was told to reboot and did not answer in another boot within ${seconds} s; the last attempt: ${last}`,
    {
      host,
      hint:
        'look at its console; what was armed is tried once, so switching it off and on starts what it started before; ' +
        'then run lvsctl again, which goes on from what it finds; where it only needs longer, raise kernel.rebootWithinSeconds',
    },
  );

const stillThere = (host: string, seconds: number) =>
  new LvsctlError(`${host} was told to reboot and is still in the same boot ${seconds} s later`, {
    host,
    hint: 'something keeps it from going down: look at its console, reboot it by hand, then run lvsctl again, which goes on from what it finds',
  });
