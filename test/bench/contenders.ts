import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The sshd that all contenders speak to, and what they need to log in as root. */
export interface Target {
  /** On 127.0.0.1: the sshd's own, or a delay proxy's. */
  readonly port: number;
  readonly identityFile: string;
  /** Public host key: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** The thirty folders. */
  readonly paths: readonly string[];
}

/** One way to see that thirty folders are as they should be; `run` is one whole process, from start to exit. */
export interface Contender {
  readonly name: string;
  /** @throws Error unless it succeeds and reports the number of changes that is expected */
  run(expected: 'changes' | 'no changes'): Promise<void>;
}

const execute = promisify(execFile);

/** Waits without blocking: the delay proxy runs in this process. @throws Error with the output unless the command ends with 0 */
async function succeed(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { stdout } = await execute(command, args, { env: { ...process.env, ...env } });
  return stdout;
}

async function finish(command: string, args: readonly string[]): Promise<void> {
  await succeed(command, args);
}

function expectChanges(name: string, changed: number, wanted: number): void {
  if (changed !== wanted) throw new Error(`${name} reports ${changed} changes, not ${wanted}`);
}

function knownHosts(folder: string, { port, hostKey }: Target): string {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, `[127.0.0.1]:${port} ${hostKey}\n`);
  return file;
}

/** The built command line program, as a user runs it. */
export function lvsctl(folder: string, target: Target): Contender {
  mkdirSync(folder);
  const inventory = join(folder, 'inventory.ts');
  const ssh = {
    user: 'root',
    port: target.port,
    identityFiles: [target.identityFile],
    agent: false,
    config: false,
    knownHostsFiles: [knownHosts(folder, target)],
  };
  const value = {
    ssh,
    // An inventory has a service; the playbook of the benchmark doesn't touch it, nor the real server.
    hosts: {
      bench: { address: '192.0.2.1', ssh: { hostName: '127.0.0.1' } },
      rs1: { address: '192.0.2.2' },
    },
    services: { ftp: { vip: '192.0.2.100', port: 21, directors: ['bench'], realServers: [{ host: 'rs1' }] } },
  };
  writeFileSync(
    inventory,
    `import { defineInventory } from 'lvsctl';\n\nexport default defineInventory(${JSON.stringify(value, null, 2)});\n`,
  );
  const program = at('../../dist/src/cli/main.js');
  const playbook = join(folder, 'playbook.ts');
  writeFileSync(
    playbook,
    readFileSync(at('playbook.ts'), 'utf8').replace('PATHS', JSON.stringify(target.paths)),
  );
  const args = [program, 'provision', inventory, '--playbook', playbook, '--json'];
  return {
    name: 'lvsctl',
    async run(expected) {
      const lines = (await succeed(process.execPath, args)).trim().split('\n');
      const end: unknown = JSON.parse(lines.at(-1) ?? '');
      const { type, changed } = end as { type: string; changed: number };
      if (type !== 'run.end') throw new Error(`lvsctl's last event is ${type}`);
      expectChanges('lvsctl', changed, expected === 'changes' ? target.paths.length : 0);
    },
  };
}

/** Debian's ansible-playbook with pipelining, without facts, and told where Python is: all that spares it trips. */
export function ansible(folder: string, target: Target): Contender {
  mkdirSync(folder);
  const tasks = target.paths.map((path) => ({ file: { path, state: 'directory', mode: '0750' } }));
  const playbook = join(folder, 'playbook.json');
  writeFileSync(playbook, JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]));
  const config = join(folder, 'ansible.cfg');
  writeFileSync(config, '[defaults]\nnocolor = True\n\n[connection]\npipelining = True\n');
  const host = {
    ansible_host: '127.0.0.1',
    ansible_port: target.port,
    ansible_user: 'root',
    ansible_ssh_private_key_file: target.identityFile,
    ansible_python_interpreter: '/usr/bin/python3',
    ansible_ssh_common_args: `-F /dev/null -o UserKnownHostsFile=${knownHosts(folder, target)}`,
  };
  const inventory = join(folder, 'inventory.json');
  writeFileSync(inventory, JSON.stringify({ all: { hosts: { bench: host } } }));
  return {
    name: 'Ansible',
    async run(expected) {
      // A connection kept by the run before would spare this one its handshake.
      const sockets = mkdtempSync('/tmp/lvsctl-cp-');
      const env = {
        ANSIBLE_CONFIG: config,
        ANSIBLE_SSH_CONTROL_PATH_DIR: sockets,
      };
      const output = await succeed('ansible-playbook', ['-i', inventory, playbook], env);
      const changed = Number(/changed=(\d+)/.exec(output)?.[1]);
      expectChanges('Ansible', changed, expected === 'changes' ? target.paths.length : 0);
      for (const socket of readdirSync(sockets))
        await succeed('ssh', ['-F', '/dev/null', '-S', join(sockets, socket), '-O', 'exit', '127.0.0.1']);
    },
  };
}

export function bareSsh2(target: Target): Contender {
  const args = [at('bare-ssh2.mjs'), String(target.port), target.identityFile, ...target.paths];
  return { name: 'bare ssh2', run: () => finish(process.execPath, args) };
}

/** The whole program's start against an empty one's. */
export function help(): Contender {
  const program = at('../../dist/src/cli/main.js');
  return { name: 'lvsctl --help', run: () => finish(process.execPath, [program, '--help']) };
}

export function emptyProgram(): Contender {
  return { name: 'empty program', run: () => finish(process.execPath, [at('empty.mjs')]) };
}
