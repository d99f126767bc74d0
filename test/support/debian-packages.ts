import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../.cache/debian', import.meta.url));

/** Paths of Debian packages, fetched once by apt: to be unpacked somewhere (`dpkg-deb --fsys-tarfile`), not to be installed. */
export function debianPackages(...names: readonly string[]): string[] {
  mkdirSync(folder, { recursive: true });
  const path = (name: string) => readdirSync(folder).find((file) => file.startsWith(`${name}_`));
  const missing = names.filter((name) => path(name) === undefined);
  if (missing.length > 0 && !fetched(missing)) {
    apt('update');
    if (!fetched(missing)) throw new Error(`apt-get can't fetch ${missing.join(', ')}`);
  }
  return names.map((name) => `${folder}/${path(name)}`);
}

const fetched = (names: readonly string[]) => apt('download', ...names);

/** As root, since a folder of ours may be closed to apt's own user. */
function apt(...args: readonly string[]): boolean {
  return (
    spawnSync('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', ...args], { cwd: folder }).status === 0
  );
}
