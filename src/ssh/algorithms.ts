import type { Algorithms, KexAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';
import type { AlgorithmProfile } from '../inventory/cluster.js';

/**
 * Group exchange stands last everywhere: checking the server's prime blocks the whole process for 0.5 s (2048 bit)
 * to 7 s (4096 bit) in Node's OpenSSL, and with it every other host's connection.
 */
const modernKex: readonly KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group15-sha512',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group17-sha512',
  'diffie-hellman-group18-sha512',
];

const modernHostKeys: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** The type that a host key algorithm's keys have in known_hosts: RSA keys sign with three algorithms. */
export function hostKeyType(algorithm: string): string {
  return algorithm.startsWith('rsa-sha2-') ? 'ssh-rsa' : algorithm;
}

/**
 * What is offered to a server. `legacy` appends what Red Hat 9's OpenSSH 3.5p1 knows to the modern names, so that it
 * serves old and new servers; blowfish, cast128 and arcfour are in no OpenSSL 3 and never listed.
 * @param knownTypes types of the keys that known_hosts has for this host, offered first, so that a server with
 *   several keys shows the one we know
 */
export function algorithms(profile: AlgorithmProfile, knownTypes: ReadonlySet<string>): Algorithms {
  const legacy = profile === 'legacy';
  const hostKeys: ServerHostKeyAlgorithm[] = legacy ? [...modernHostKeys, 'ssh-dss'] : [...modernHostKeys];
  const known = hostKeys.filter((name) => knownTypes.has(hostKeyType(name)));
  return {
    kex: [
      ...modernKex,
      ...(legacy ? (['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'] as const) : []),
      'diffie-hellman-group-exchange-sha256',
      ...(legacy ? (['diffie-hellman-group-exchange-sha1'] as const) : []),
    ],
    serverHostKey: [...known, ...hostKeys.filter((name) => !known.includes(name))],
    ...(legacy && {
      cipher: { append: ['aes128-cbc', '3des-cbc'], prepend: [], remove: [] },
      hmac: { append: ['hmac-md5'], prepend: [], remove: [] },
    }),
  };
}
