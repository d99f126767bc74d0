import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SshdOptions, startSshd, type TestSshd } from './sshd.js';

/** What a machine does when it is told to reboot. */
export interface Reboots {
  /** Milliseconds that it is away. */
  readonly awayMs?: number;
  /** `never`: it does not come back. `same`: its network goes and comes, in the same boot. `ignored`: nothing happens at all. */
  readonly back?: 'next' | 'never' | 'same' | 'ignored';
  /** It has gone down: nothing of it answers. */
  readonly onHalt?: () => void;
  /** Its boot loader, so to speak. */
  readonly onBoot?: () => void;
}

/** A test server that reboots when `shutdown` is called there: it goes away, and comes back with another boot id. */
export interface Machine {
  readonly sshd: TestSshd;
  /** For each call of `shutdown`, its arguments. */
  shutdowns(): string[];
  stop(): Promise<void>;
}

export async function startMachine(reboots: Reboots = {}, options: SshdOptions = {}): Promise<Machine> {
  const sshd = await startSshd({
    hostKeyTypes: ['ed25519'],
    bootId: randomUUID(),
    commands: { shutdown: 'echo "$*" >> "$(dirname "$0")/../shutdowns"' },
    ...options,
  });
  const file = join(sshd.folder, 'shutdowns');
  const shutdowns = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
  let seen = 0;
  let rebooting: Promise<void> = Promise.resolve();
  const watch = setInterval(() => {
    const calls = shutdowns().length;
    if (calls === seen) return;
    seen = calls;
    rebooting = rebooting.then(() => reboot(sshd, reboots));
  }, 20);
  return {
    sshd,
    shutdowns,
    async stop() {
      clearInterval(watch);
      await rebooting;
      await sshd.stop();
    },
  };
}

async function reboot(
  sshd: TestSshd,
  { awayMs = 300, back = 'next', onHalt, onBoot }: Reboots,
): Promise<void> {
  if (back === 'ignored') return;
  await sshd.halt();
  onHalt?.();
  if (back === 'never') return;
  await new Promise((resolve) => setTimeout(resolve, awayMs));
  onBoot?.();
  await sshd.boot(back === 'same' ? undefined : randomUUID());
}
