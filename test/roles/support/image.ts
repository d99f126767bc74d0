import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineApi } from './runtime.js';

const hook = fileURLToPath(new URL('package-folder.sh', import.meta.url));

/** What a small Debian server has; what the roles need beyond it they install themselves. */
const SERVER = ['openssh-server', 'iproute2', 'procps', 'kmod', 'busybox', 'init-system-helpers'];

/** What the tree of a kernel asks for beside. */
const COMPILER = [
  'gcc',
  'libc6-dev',
  'make',
  'bc',
  'flex',
  'bison',
  'patch',
  'xz-utils',
  'bzip2',
  'perl',
  'cpio',
];

/** Kinds of node: packages of its image by the image's name. */
const KINDS = { debian: SERVER, builder: [...SERVER, ...COMPILER] };

export type NodeKind = keyof typeof KINDS;

const recipe = (kind: NodeKind): readonly string[] => [
  '--variant=minbase',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  `--include=${KINDS[kind].join(',')}`,
  // Every node makes host keys of its own.
  '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_*; install -d -m 700 "$1/root/.ssh"',
  `--customize-hook='${hook}' "$1"`,
  'bookworm',
];

function recipeHash(kind: NodeKind): string {
  return createHash('sha256')
    .update(JSON.stringify([KINDS[kind], recipe(kind).slice(0, -2)]))
    .update(readFileSync(hook))
    .digest('hex')
    .slice(0, 12);
}

async function makeRoot(kind: NodeKind, tar: string): Promise<void> {
  const child = spawn('mmdebstrap', [...recipe(kind), tar], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-8000);
    });
  }
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`mmdebstrap ended with ${status}:\n${log}`);
}

/**
 * A Debian 12 with sshd and a folder of the packages that roles install, so that no test needs a network.
 * Made on the first use (about a minute) and again when its recipe changes; no registry is asked.
 * @returns the image's name
 */
export async function ensureImage(kind: NodeKind = 'debian'): Promise<string> {
  const dockerode = await engineApi();
  const repo = `lvsctl-test/${kind}`;
  const tag = `12-${recipeHash(kind)}`;
  const known = await dockerode.listImages({ filters: { reference: [`${repo}:${tag}`] } });
  if (known.length > 0) return `${repo}:${tag}`;

  for (const { Id } of await dockerode.listImages({ filters: { reference: [repo] } })) {
    await dockerode.getImage(Id).remove({ force: true });
  }
  process.stderr.write(`making the image ${repo} of the tests' nodes (about a minute, once)\n`);
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-image-'));
  try {
    const tar = join(folder, 'root.tar');
    await makeRoot(kind, tar);
    const answer = await dockerode.importImage(tar, { repo, tag });
    await new Promise<void>((resolve, reject) => {
      dockerode.modem.followProgress(answer, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return `${repo}:${tag}`;
}
