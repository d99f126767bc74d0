import { LvsctlError } from '../errors.js';
import { quote } from '../shell/index.js';

/** One server on the way: the host itself, or a jump host. */
export interface Hop {
  /** Name in the inventory, for messages; for a jump host the host behind it is told too. */
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
}

const reasons: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'check that sshd runs on the host and that ssh.port is right'],
  EHOSTUNREACH: ['no route to the host', 'check its power, its address and the network in between'],
  ENETUNREACH: ['no route to its network', 'check this machine’s network and the address'],
  ENOTFOUND: ['the name has no address', 'check ssh.hostName, or the name service of this machine'],
  EAI_AGAIN: [
    'the name service does not answer',
    'check the name service of this machine, or give an address',
  ],
  ETIMEDOUT: ['no answer', 'check its power, its address and the firewalls in between'],
  EACCES: ['this machine does not permit it', 'check the local firewall'],
};

/** Turns whatever ended an opening into words for the operator. Never holds a secret: none of the causes knows one. */
export function explainConnect(error: unknown, hop: Hop): LvsctlError {
  if (error instanceof LvsctlError) return error;
  const cause = error as Error & { code?: string | number; level?: string };
  const where = `${hop.name}: ${hop.hostName} port ${hop.port}`;
  const known = typeof cause.code === 'string' ? reasons[cause.code] : undefined;
  if (known) return new LvsctlError(`${where}: ${known[0]} (${cause.code})`, details(hop, known[1], cause));
  if (/no matching/i.test(cause.message)) {
    const what = /no matching ([\w\s>-]+?)(?: algorithm)?$/i.exec(cause.message)?.[1] ?? 'algorithm';
    return new LvsctlError(
      `${where}: no ${what} that both sides know (${cause.message})`,
      details(hop, `for an old server set ssh.algorithms to 'legacy' for this host`, cause),
    );
  }
  if (cause.message === 'Connection lost before handshake' || cause.code === 'ECONNRESET')
    return new LvsctlError(
      `${where}: the server dropped the connection before it said who it is (${cause.message})`,
      details(
        hop,
        'it may be busy (MaxStartups of its sshd), it may ban this machine (fail2ban), or it is no SSH server; try again, or look at its log',
        cause,
      ),
    );
  return new LvsctlError(
    `${where}: ${cause.message}`,
    details(hop, `try by hand: ${sshCommand(hop)}`, cause),
  );
}

export function connectTimedOut(hop: Hop, seconds: number): LvsctlError {
  return new LvsctlError(
    `${hop.name}: ${hop.hostName} port ${hop.port}: no login within ${seconds} s`,
    details(
      hop,
      'check its power, its address and the firewalls in between, or raise ssh.connectTimeoutSeconds',
      undefined,
    ),
  );
}

/** What the operator types to see the same with OpenSSH. */
export function sshCommand(hop: Hop): string {
  const port = hop.port === 22 ? '' : `-p ${hop.port} `;
  return `ssh ${port}${quote(`${hop.user}@${hop.hostName}`)}`;
}

function details(hop: Hop, hint: string, cause: unknown) {
  return { host: hop.name, hint, ...(cause === undefined ? {} : { cause }) };
}
