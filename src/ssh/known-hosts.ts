import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** One line of a known_hosts file, as sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT" defines it. */
export interface KnownHost {
  readonly file: string;
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  readonly patterns: string;
  /** `ssh-ed25519`, `ssh-rsa`, … */
  readonly type: string;
  /** The raw key, as the server sends it. */
  readonly key: Buffer;
}

/** Lines of one file; comments, broken lines and keys of protocol 1 are passed over, as OpenSSH does. */
export function parseKnownHosts(file: string, text: string): KnownHost[] {
  return text.split('\n').flatMap((raw, index): KnownHost[] => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return [];
    const words = line.split(/[ \t]+/);
    const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return [];
    const [patterns, type, encoded] = words;
    if (!patterns || !type || !encoded) return [];
    const key = Buffer.from(encoded, 'base64');
    if (keyType(key) !== type) return [];
    return [{ file, line: index + 1, marker, patterns, type, key }];
  });
}

/** All lines of the files that exist. @throws Error when a file exists and can't be read */
export function readKnownHosts(files: readonly string[]): KnownHost[] {
  return files.flatMap((file) => {
    try {
      return parseKnownHosts(file, readFileSync(file, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Type of a raw public key: its first string. Undefined when it is none. */
export function keyType(key: Buffer): string | undefined {
  if (key.length < 4) return undefined;
  const length = key.readUInt32BE(0);
  return length > 0 && length <= 64 && key.length >= 4 + length
    ? key.toString('latin1', 4, 4 + length)
    : undefined;
}

/** As `ssh-keygen -l` prints it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The name a host has in known_hosts: `[name]:port` unless the port is 22. */
export function knownHostsName(hostName: string, port: number): string {
  return port === 22 ? hostName.toLowerCase() : `[${hostName.toLowerCase()}]:${port}`;
}

/** Whether a line is about the host `name` (of {@link knownHostsName}): hashed, or a list of wildcards where `!` excludes. */
export function matchesHost(entry: KnownHost, name: string): boolean {
  if (entry.patterns.startsWith('|')) return matchesHashed(entry.patterns, name);
  let matched = false;
  for (const pattern of entry.patterns.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (wildcard(pattern.slice(1)).test(name)) return false;
    } else if (pattern !== '' && wildcard(pattern).test(name)) matched = true;
  }
  return matched;
}

function matchesHashed(patterns: string, name: string): boolean {
  const [, version, salt, mac] = patterns.split('|');
  if (version !== '1' || !salt || !mac) return false;
  const wanted = Buffer.from(mac, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** `*` and `?` only: brackets are part of `[host]:port`. */
function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
