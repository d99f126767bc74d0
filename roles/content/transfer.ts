import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { type PackageNames, packages } from '../../src/resources/index.js';

const rsync: PackageNames = { default: 'rsync' };
const sshClient: PackageNames = {
  apt: 'openssh-client',
  dnf: 'openssh-clients',
  yum: 'openssh-clients',
  zypper: 'openssh-clients',
  default: 'openssh',
};

/** rsync and the SSH client, where they are missing. */
export function transferPackages(facts: Facts): Resource[] {
  const commands = ['rsync', 'ssh', 'ssh-keygen'];
  const missing = [
    !facts.commands.has('rsync') && rsync,
    !(facts.commands.has('ssh') && facts.commands.has('ssh-keygen')) && sshClient,
  ].filter((one) => one !== false);
  return missing.length === 0 ? [] : [packages({ name: 'content', packages: missing, commands, facts })];
}
