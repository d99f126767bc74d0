import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OwnFile, OwnKernelProfile } from '../../../src/inventory/cluster.js';

const SOURCE = '/usr/src/linux-source-6.1.tar.xz';

const beside = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

async function ownFile(file: string): Promise<OwnFile> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return { file, sha256: hash.digest('hex') };
}

/** As the package says it: `6.1.192` of 6.1.192-2. */
function sourceVersion(): string {
  const version = execFileSync('dpkg-query', ['-W', '-f', `\${Version}`, 'linux-source-6.1'], {
    encoding: 'utf8',
  });
  return /^[\d.]+/.exec(version)?.[0] ?? version;
}

/** Options of a fragment of a .config, without CONFIG_; `n` for what is not set. */
function optionsOf(fragment: string): Readonly<Record<string, string>> {
  const lines = fragment.matchAll(/^(?:CONFIG_(\w+)=(\w+)|# CONFIG_(\w+) is not set)$/gm);
  return Object.fromEntries([...lines].map(([, set, value, unset]) => [set ?? unset, value ?? 'n']));
}

/** What a kernel needs to print its last words in User-Mode Linux, and one module. */
const PANICS = {
  '64BIT': 'y',
  MODULES: 'y',
  PRINTK: 'y',
  TTY: 'y',
  STDERR_CONSOLE: 'y',
  EARLY_PRINTK: 'y',
  BINFMT_ELF: 'y',
  BINFMT_MISC: 'm',
};

/** `real`: a kernel for hosts of the lab, with IPVS, and `hidden` instead of arp_ignore. `panics`: one that doesn't come as far as its first process. */
export async function profiles(): Promise<Readonly<Record<'real' | 'panics', OwnKernelProfile>>> {
  const version = sourceVersion();
  const source = await ownFile(SOURCE);
  const common = {
    version,
    source,
    flavour: '2.6',
    arch: 'um',
    image: { target: 'linux', path: 'linux' },
    arp: 'hidden',
  } as const;
  const fragment = readFileSync(beside('uml.config'), 'utf8');
  return {
    real: {
      ...common,
      patches: [await ownFile(beside('hidden-6.1.diff')), await ownFile(beside('no-arp-flags-6.1.diff'))],
      base: 'defconfig',
      options: optionsOf(fragment),
    },
    panics: {
      ...common,
      patches: [await ownFile(beside('panic-6.1.diff'))],
      base: 'tinyconfig',
      options: PANICS,
    },
  };
}
