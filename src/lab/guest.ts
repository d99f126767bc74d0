import { createHash } from 'node:crypto';
import { access, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster, ClusterHost, LabFlavour } from '../inventory/cluster.js';
import { addressesOf } from '../inventory/host-address.js';
import { quote } from '../shell/index.js';
import { run } from './command.js';
import { type CpioEntry, cpio, file, folder } from './cpio.js';
import type { Image } from './image.js';
import { flavourOfHost, type Guest, guestDirectory, type LabLayout } from './layout.js';
import { labKeysFile } from './recipe.js';

export interface GuestPlan {
  readonly cluster: Cluster;
  readonly host: ClusterHost;
  readonly index: number;
  /** The lab's address in each of the host's networks. */
  readonly routers: readonly string[];
  /** Content of /etc/hosts. */
  readonly names: string;
  readonly image: Image;
  readonly memoryMegabytes: number;
}

/** Type of the key that a flavour's sshd shows, and that a login takes; 1024 bit is what Red Hat 9's sshd made. */
const keyTypes: Readonly<
  Record<LabFlavour, { readonly type: 'ed25519' | 'rsa'; readonly hostBits?: number }>
> = {
  debian: { type: 'ed25519' },
  redhat9: { type: 'rsa', hostBits: 1024 },
};

/** Room for a kernel of the guest's own; the file is sparse. */
const chainBytes = 512 * 2 ** 20;

/** Writes what a guest needs before its kernel starts: disk (once), host key (once) and initramfs. */
export async function prepareGuest(layout: LabLayout, plan: GuestPlan): Promise<Guest> {
  const { host, image, index } = plan;
  const directory = guestDirectory(layout, host.name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const flavour = flavourOfHost(host);
  const hostKey = await keyPair(hostKeyFile(layout, host), host.name, keyTypes[flavour]);
  const disk = join(directory, 'disk');
  if (!(await readable(disk))) {
    await run('cp', ['--sparse=always', image.disk, `${disk}.new`]);
    await rename(`${disk}.new`, disk);
  }
  const chain = flavour === 'redhat9' ? join(directory, 'chain') : undefined;
  if (chain !== undefined && !(await readable(chain)))
    await run('truncate', ['-s', String(chainBytes), chain]);
  const config = configOf(plan);
  const identity = digest(JSON.stringify(config), String(plan.memoryMegabytes));
  const initramfs = join(directory, 'initramfs');
  const own = await ownArchive(layout, plan, config, hostKey);
  await writeFile(`${initramfs}.new`, Buffer.concat([await readFile(image.initramfs), own]));
  await rename(`${initramfs}.new`, initramfs);
  return {
    name: host.name,
    flavour,
    address: host.address,
    index,
    directory,
    console: join(directory, 'console.log'),
    identity,
    ...(chain && { chain }),
    command: image.kernel,
    args: [
      `mem=${plan.memoryMegabytes}M`,
      `initrd=${initramfs}`,
      `ubd0=${disk}`,
      ...(chain === undefined ? [] : [`ubd1=${chain}`]),
      // hostfs mounts begin in the image's folder, also those that a guest makes by mistake.
      `hostfs=${image.directory}`,
      `vec0:transport=tap,ifname=tap${index},depth=128,gro=1,mac=${macAddress(plan)}`,
      `uml_dir=${layout.umlDirectory}`,
      `umid=${index}`,
      'con=null',
      'con0=null,fd:1',
      'ssl=null',
      'noreboot',
      'panic=1',
      'rdinit=/init',
    ],
  };
}

/** The line of known_hosts for a guest: its address and its name. */
export async function knownHostsLine(layout: LabLayout, host: ClusterHost): Promise<string> {
  const key = await readFile(`${hostKeyFile(layout, host)}.pub`, 'utf8');
  const [type, blob] = key.split(' ');
  return `${host.address},${host.name} ${type} ${blob?.trim()}\n`;
}

function hostKeyFile(layout: LabLayout, host: ClusterHost): string {
  return join(guestDirectory(layout, host.name), `ssh_host_${keyTypes[flavourOfHost(host)].type}_key`);
}

/** Makes a key pair without passphrase unless it is there; returns both halves. */
export async function keyPair(
  path: string,
  comment: string,
  { type, hostBits }: { readonly type: 'ed25519' | 'rsa'; readonly hostBits?: number } = keyTypes.debian,
): Promise<{ secret: Buffer; open: Buffer }> {
  if (!(await readable(`${path}.pub`))) {
    await run('rm', ['-f', path]);
    const bits = hostBits === undefined ? [] : ['-b', String(hostBits)];
    // The PEM format of old: OpenSSH 3.5p1 reads no other, and it serves a sshd of today as well.
    const format = type === 'rsa' ? ['-m', 'PEM'] : [];
    await run('ssh-keygen', ['-q', '-t', type, ...bits, ...format, '-N', '', '-C', comment, '-f', path]);
    await chmod(path, 0o600);
  }
  return { secret: await readFile(path), open: await readFile(`${path}.pub`) };
}

/** Content of /etc/hosts: every host of the inventory by its name. */
export function namesOf(cluster: Cluster): string {
  const lines = [...cluster.hosts.values()].map((host) => `${host.address}\t${host.name}\n`);
  return `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n${lines.join('')}`;
}

/** What `/init` reads before it sets the network up. */
function configOf({ host, routers }: GuestPlan): Readonly<Record<string, string>> {
  return {
    interface: host.interface,
    addresses: addressesOf(host)
      .map(({ address, prefix }) => `${address}/${prefix}`)
      .join(' '),
    routers: routers.join(' '),
  };
}

/** The guest's own part of the initramfs: `/init`'s configuration, and files that are copied into its root when they change. */
async function ownArchive(
  layout: LabLayout,
  { cluster, host, names }: GuestPlan,
  config: Readonly<Record<string, string>>,
  hostKey: { secret: Buffer; open: Buffer },
): Promise<Buffer> {
  const root = [
    folder('lab/root'),
    folder('lab/root/etc'),
    file('lab/root/etc/hostname', `${host.name}\n`),
    file('lab/root/etc/hosts', names),
    ...(flavourOfHost(host) === 'debian' ? debianFiles(cluster, host) : redhatFiles(host)),
    ...(await keyFiles(layout, host, hostKey)),
  ];
  const lines = Object.entries({ ...config, seed: digest(cpio(root)) });
  const text = lines.map(([name, value]) => `${name}=${quote(value)}\n`).join('');
  return cpio([...root, file('lab/config', text)]);
}

async function keyFiles(
  layout: LabLayout,
  host: ClusterHost,
  hostKey: { secret: Buffer; open: Buffer },
): Promise<CpioEntry[]> {
  const flavour = flavourOfHost(host);
  const name = `lab/root/etc/ssh/ssh_host_${keyTypes[flavour].type}_key`;
  const userKey = flavour === 'debian' ? layout.userKey : layout.legacyUserKey;
  return [
    folder('lab/root/etc/ssh'),
    file(name, hostKey.secret, 0o600),
    file(`${name}.pub`, hostKey.open),
    file(`lab/root${labKeysFile}`, await readFile(`${userKey}.pub`)),
  ];
}

function debianFiles(cluster: Cluster, host: ClusterHost): CpioEntry[] {
  const id = digest('machine', cluster.name, host.name).slice(0, 32);
  return [file('lab/root/etc/machine-id', `${id}\n`)];
}

function redhatFiles(host: ClusterHost): CpioEntry[] {
  const settings = [
    `DEVICE=${host.interface}`,
    'ONBOOT=yes',
    'BOOTPROTO=static',
    `IPADDR=${host.address}`,
    '',
  ];
  return [
    folder('lab/root/etc/sysconfig'),
    file('lab/root/etc/sysconfig/network', `NETWORKING=yes\nHOSTNAME=${host.name}\n`),
    folder('lab/root/etc/sysconfig/network-scripts'),
    file(`lab/root/etc/sysconfig/network-scripts/ifcfg-${host.interface}`, settings.join('\n')),
  ];
}

/** Locally administered, the same at every boot. */
function macAddress({ cluster, host }: GuestPlan): string {
  const bytes = digest('mac', cluster.name, host.name).slice(0, 10).match(/../g) ?? [];
  return ['02', ...bytes].join(':');
}

function digest(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

async function readable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
