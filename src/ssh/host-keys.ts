import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { LvsctlError } from '../errors.js';
import type { HostKeyPolicy } from '../inventory/cluster.js';
import { quote } from '../shell/index.js';
import {
  fingerprint,
  type KnownHost,
  keyType,
  knownHostsName,
  matchesHost,
  readKnownHosts,
} from './known-hosts.js';

/** Where a server was reached and what known_hosts says of it. */
export interface HostKeyTarget {
  /** Name in the inventory, for messages. */
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeys: HostKeyPolicy;
  readonly knownHostsFiles: readonly string[];
}

/** Decides on one server's key. */
export class HostKeyCheck {
  readonly #target: HostKeyTarget;
  readonly #name: string;
  readonly #entries: readonly KnownHost[];
  /** Lines for the host without its port, which OpenSSH accepts as well when the key is the same. */
  readonly #plain: readonly KnownHost[];

  /** @throws LvsctlError when a known_hosts file can't be read */
  constructor(target: HostKeyTarget) {
    this.#target = target;
    this.#name = knownHostsName(target.hostName, target.port);
    const all = read(target);
    this.#entries = all.filter((entry) => matchesHost(entry, this.#name));
    this.#plain = all.filter((entry) => matchesHost(entry, target.hostName.toLowerCase()));
  }

  /** Types of the keys that are known for the host. */
  get knownTypes(): ReadonlySet<string> {
    const keys = [...this.#keys(this.#entries), ...this.#keys(this.#plain)];
    return new Set(keys.map((entry) => entry.type));
  }

  /**
   * Returns when the key is the host's. Under `accept-new` a host without any key gets this one, in the first file.
   * @throws LvsctlError revoked, changed (naming file and line), or unknown (with the fingerprint and the way out)
   */
  accept(key: Buffer): void {
    const revoked = [...this.#entries, ...this.#plain].find(
      (entry) => entry.marker === 'revoked' && entry.key.equals(key),
    );
    if (revoked) throw this.#refusal(key, `is revoked by ${revoked.file}:${revoked.line}`, revokedHint);
    const known = this.#keys(this.#entries);
    if (known.some((entry) => entry.key.equals(key))) return;
    const other = known.find((entry) => entry.type === keyType(key)) ?? known[0];
    if (other) throw this.#changed(key, other);
    if (this.#keys(this.#plain).some((entry) => entry.key.equals(key))) return;
    if (this.#target.hostKeys === 'strict') throw this.#unknown(key);
    this.#append(key);
  }

  #keys(entries: readonly KnownHost[]): readonly KnownHost[] {
    return entries.filter((entry) => entry.marker === undefined);
  }

  #append(key: Buffer): void {
    const [file] = this.#target.knownHostsFiles;
    if (file === undefined) return;
    const line = `${this.#name} ${keyType(key)} ${key.toString('base64')}\n`;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      // One write in append mode: other connections of this process, and ssh itself, may add theirs at the same time.
      appendFileSync(file, endsWithoutNewline(file) ? `\n${line}` : line, { mode: 0o600 });
    } catch (cause) {
      throw new LvsctlError(`${this.#target.name}: its host key can't be added to ${file}`, {
        host: this.#target.name,
        hint: `make ${file} writable, or name another file in ssh.knownHostsFiles`,
        cause,
      });
    }
  }

  #changed(key: Buffer, known: KnownHost): LvsctlError {
    const found =
      known.type === keyType(key)
        ? `is not the one known from ${known.file}:${known.line}, ${fingerprint(known.key)}: it was changed, or somebody is in between`
        : `is of another type than the one known from ${known.file}:${known.line} (${known.type}), which the server did not show`;
    const hint = `if the host was set up anew, compare the fingerprint with the host's console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there), then take the old key out: ssh-keygen -R ${quote(this.#name)} -f ${quote(known.file)}`;
    return this.#refusal(key, found, hint);
  }

  #unknown(key: Buffer): LvsctlError {
    const { hostName, port, user, knownHostsFiles } = this.#target;
    const file = knownHostsFiles[0] ?? '~/.ssh/known_hosts';
    const target = file.startsWith('~') ? file : quote(file);
    const authority = [...this.#entries, ...this.#plain].find((entry) => entry.marker === 'cert-authority');
    const hint = [
      `compare the fingerprint with the host's console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there), then`,
      `run: ssh-keyscan -p ${port} -t ${scanType(key)} ${quote(hostName)} >> ${target}`,
      `or log in once: ssh -p ${port} ${quote(`${user}@${hostName}`)}`,
      `or set ssh.hostKeys to 'accept-new' in the inventory to accept every host's first key`,
      ...(authority
        ? [
            `(the @cert-authority line ${authority.file}:${authority.line} is not used: lvsctl checks plain keys)`,
          ]
        : []),
    ].join('; ');
    const files = knownHostsFiles.join(', ') || 'no file';
    return this.#refusal(key, `is not known (looked for ${this.#name} in ${files})`, hint);
  }

  #refusal(key: Buffer, what: string, hint: string): LvsctlError {
    const { name, hostName, port } = this.#target;
    return new LvsctlError(
      `${name}: the host key of ${hostName} port ${port}, ${keyType(key) ?? 'unreadable'} ${fingerprint(key)}, ${what}`,
      { host: name, hint },
    );
  }
}

const revokedHint =
  'this key must not be trusted any more: give the host a new key (ssh-keygen -A there) and make it known';

function scanType(key: Buffer): string {
  const type = keyType(key) ?? '';
  if (type.startsWith('ecdsa')) return 'ecdsa';
  return { 'ssh-rsa': 'rsa', 'ssh-dss': 'dsa' }[type] ?? 'ed25519';
}

function read(target: HostKeyTarget): KnownHost[] {
  try {
    return readKnownHosts(target.knownHostsFiles);
  } catch (cause) {
    throw new LvsctlError(
      `${target.name}: the known hosts can't be read: ${cause instanceof Error ? cause.message : cause}`,
      { host: target.name, hint: 'mend the file, or name another one in ssh.knownHostsFiles', cause },
    );
  }
}

function endsWithoutNewline(file: string): boolean {
  let open: number;
  try {
    open = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(open);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(open, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(open);
  }
}
