import { EventEmitter } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../../src/cli/cli.js';
import { Capture } from '../report/scenarios.js';

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with streams of its own. */
export async function lvsctl(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const [stdout, stderr] = [new Capture(), new Capture()];
  const status = await runCli(args, {
    stdout,
    stderr,
    env,
    cwd,
    signals: new EventEmitter(),
    exit: (code) => {
      throw new Error(`the process would end with ${code}`);
    },
  });
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** A folder with an inventory in it; `port` is where sshd is said to be. */
export async function folderWithInventory(port = 22): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lvsctl-cli-'));
  await writeFile(
    join(folder, 'inventory.ts'),
    `import { defineInventory } from 'lvsctl';
export default defineInventory({
  name: 'small',
  ssh: { user: 'root', port: ${port}, agent: false, connectTimeoutSeconds: 20 },
  hosts: {
    director: { address: '192.0.2.10/24', ssh: { hostName: '127.0.0.1' } },
    rs1: { address: '192.0.2.11/24', ssh: { hostName: '127.0.0.1' } },
    rs2: { address: '192.0.2.12/24', ssh: { hostName: '127.0.0.1' } },
  },
  services: {
    ftp: {
      vip: '192.0.2.100', port: 21, scheduler: 'wrr', forwarding: 'dr', directors: ['director'],
      realServers: [{ host: 'rs1', weight: 3 }, { host: 'rs2', weight: 1 }],
    },
  },
});
`,
  );
  return folder;
}
