import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { LvsctlError } from '../errors.js';

const programs: Readonly<Record<string, string>> = {
  'linux.uml': 'user-mode-linux',
  mmdebstrap: 'mmdebstrap',
  ip: 'iproute2',
  'mkfs.ext4': 'e2fsprogs',
  'dpkg-deb': 'dpkg',
  'ssh-keygen': 'openssh-client',
  ssh: 'openssh-client',
};

/** Debian and Ubuntu packages that the lab needs on the controller. */
export const labPackages: readonly string[] = [...new Set(Object.values(programs))].filter(
  (name) => name !== 'dpkg',
);

/** Absolute path of a program, looked for in PATH and in the folders that a user's PATH often lacks. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** @throws LvsctlError when the lab can't run here, with the way out */
export function requireLabMachine(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new LvsctlError(`the lab needs Linux on x86-64, not ${process.platform} on ${process.arch}`, {
      hint: 'Run it in a Debian machine, or provision real hosts without --lab.',
    });
  requireRoot();
  const missing = Object.entries(programs).filter(([program]) => programPath(program) === undefined);
  if (missing.length > 0)
    throw new LvsctlError(`the lab needs ${missing.map(([program]) => program).join(', ')}`, {
      hint: `apt-get install ${[...new Set(missing.map(([, name]) => name))].join(' ')}`,
    });
}

/** @throws LvsctlError when not root: network namespaces, taps and files of guests are root's */
export function requireRoot(): void {
  if (process.getuid?.() !== 0)
    throw new LvsctlError('the lab needs root: it makes network namespaces and files that root owns', {
      hint: 'Run the same command with sudo.',
    });
}
