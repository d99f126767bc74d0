import { run } from './command.js';
import type { Guest, LabLayout } from './layout.js';

/** Arguments of `ip` that run ssh to a guest; the remote command's words follow, quoted. */
export function sshArguments(layout: LabLayout, address: string, patienceSeconds = 60): string[] {
  const options = [
    `IdentityFile=${layout.userKey}`,
    `IdentityFile=${layout.legacyUserKey}`,
    // For hosts of Red Hat 9's time; the names of today stay first.
    'KexAlgorithms=+diffie-hellman-group1-sha1',
    'HostKeyAlgorithms=+ssh-rsa',
    'Ciphers=+aes128-cbc',
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${layout.knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
    `ConnectTimeout=${patienceSeconds}`,
    'ServerAliveInterval=15',
  ];
  return [
    ...['netns', 'exec', layout.namespace, 'ssh', '-F', '/dev/null'],
    ...(process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : []),
    ...options.flatMap((option) => ['-o', option]),
    `root@${address}`,
  ];
}

/**
 * Runs a command of ours on a guest, as an aid; the guest's shell reads the words.
 * A guest that doesn't answer soon is let be, and the answer is false.
 */
export async function onGuest(
  layout: LabLayout,
  guest: Guest,
  words: readonly string[],
  input = '',
): Promise<boolean> {
  return run('ip', [...sshArguments(layout, guest.address, 10), ...words], input).then(
    () => true,
    () => false,
  );
}
