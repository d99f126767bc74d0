import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { LvsctlError } from '../errors.js';
import type { PasswordSource } from '../inventory/cluster.js';
import { nested, type Sh, sh } from '../shell/index.js';

/** How a login becomes root. */
export interface RootAccess {
  /** Name of the host, for messages. */
  readonly host: string;
  readonly user: string;
  readonly sudo: boolean;
  readonly sudoPasswordEnv: string;
  readonly passwords: PasswordSource;
}

/**
 * Starts a program as root on a channel of its own, ready for its stdin.
 * With sudo that takes one trip more: sudo asks on stderr, by a mark of ours, or the program says that it runs; so the
 * password is written only when it is asked for, never to the program, and never stands on a command line.
 * @throws LvsctlError when sudo refuses, with its words and the way out
 */
export async function startAsRoot(client: Client, access: RootAccess, program: Sh): Promise<ClientChannel> {
  if (!access.sudo) return open(client, sh`exec ${program}`, access);
  const mark = randomBytes(8).toString('hex');
  const ready = randomBytes(8).toString('hex');
  // In two halves, since sudo's own messages repeat the command that it refuses.
  const script = sh`printf '%s%s' ${ready.slice(0, 8)} ${ready.slice(8)} >&2; exec ${program}`;
  const channel = await open(client, sh`exec sudo -S -p ${mark} sh -c ${nested(script)}`, access);
  try {
    await becomeRoot(client, channel, access, mark, ready);
  } catch (error) {
    channel.close();
    throw error;
  }
  return channel;
}

/** Tries for a channel: sshd counts one that was just closed until its next turn, and refuses the next one meanwhile. */
const openTries = 8;

async function open(client: Client, command: Sh, { host }: RootAccess): Promise<ClientChannel> {
  for (let tried = 1; ; tried++) {
    try {
      return await new Promise<ClientChannel>((resolve, reject) => {
        client.exec(command.text, (error, channel) => (error ? reject(error) : resolve(channel)));
      });
    } catch (error) {
      const cause = error as Error;
      const full = cause.message.startsWith('(SSH) Channel open failure');
      if (full && tried < openTries) {
        await pause(20 * 2 ** tried * (0.5 + Math.random()));
        continue;
      }
      const hint = full
        ? 'the server gives no more channels: raise MaxSessions in its sshd_config'
        : 'try again; if it stays, look at the log of its sshd';
      throw new LvsctlError(`${host}: no command could be started: ${cause.message}`, { host, hint, cause });
    }
  }
}

function becomeRoot(
  client: Client,
  channel: ClientChannel,
  access: RootAccess,
  mark: string,
  ready: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    let asked = false;
    const done = (error?: Error) => {
      channel.stderr.off('data', listen);
      channel.off('close', ended).off('exit', drain);
      client.off('close', lost);
      if (error) reject(error);
      else resolve();
    };
    const listen = (chunk: Buffer) => {
      said += chunk.toString('latin1');
      const at = said.indexOf(ready);
      if (at >= 0) {
        const rest = Buffer.from(said.slice(at + ready.length), 'latin1');
        done();
        if (rest.length > 0) channel.stderr.unshift(rest);
        return;
      }
      if (!said.includes(mark)) return;
      if (asked) return done(refusal(access, 'it does not take the password', said.replaceAll(mark, '')));
      asked = true;
      said = said.replace(mark, '');
      access.passwords
        .get(access.sudoPasswordEnv, `sudo password of ${access.user} at ${access.host}`)
        .then((secret) => {
          if (secret) channel.write(`${secret.reveal()}\n`);
          else done(refusal(access, 'it wants a password, and there is none', ''));
        }, done);
    };
    const ended = () => done(refusal(access, 'it refused', said));
    channel.stderr.on('data', listen);
    // The library tells of a channel's end only when its output was read; none comes before the program runs.
    const drain = () => channel.resume();
    const lost = () => done(refusal(access, 'the connection was lost', said));
    channel.on('close', ended).on('exit', drain);
    client.on('close', lost);
  });
}

function refusal(access: RootAccess, what: string, said: string): LvsctlError {
  const words = Buffer.from(said, 'latin1').toString('utf8').trim().replace(/\s+/g, ' ').slice(-300);
  const hint = /tty/.test(words)
    ? `take "requiretty" out of the sudoers file for ${access.user} ("Defaults:${access.user} !requiretty")`
    : /not (in the sudoers|allowed)/.test(words)
      ? `give ${access.user} the right in the sudoers file: "${access.user} ALL=(ALL) ALL"`
      : `set $${access.sudoPasswordEnv} to the sudo password of ${access.user}, run in a terminal to be asked, or permit it without ("${access.user} ALL=(ALL) NOPASSWD: ALL")`;
  return new LvsctlError(`${access.host}: no root by sudo: ${what}${words ? `: ${words}` : ''}`, {
    host: access.host,
    hint,
  });
}
