import { spawn } from 'node:child_process';
import { access, mkdir, open, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EventSink } from '../engine/events.js';
import { LvsctlError } from '../errors.js';
import type { Cluster, ClusterHost, LabFlavour } from '../inventory/cluster.js';
import { awaitGuests } from './await.js';
import { keyPair, knownHostsLine, namesOf, prepareGuest } from './guest.js';
import { type Image, image, imageAt } from './image.js';
import {
  flavourOfHost,
  type Guest,
  guestDirectory,
  type LabFile,
  type LabLayout,
  layoutOf,
  readLab,
} from './layout.js';
import { locked } from './lock.js';
import { onGuest } from './login.js';
import { namespaceExists, raiseNetwork, razeNetwork, routersOf, subnetsOf } from './network.js';
import { reloadSupervisor, supervisorStatus } from './relay.js';
import { programPath, requireLabMachine } from './requirements.js';
import { leftOutRemark, twinOf } from './twin.js';

export interface LabOptions {
  /** Memory of each host, 256 unless given; taken from this machine only as far as the host uses it. */
  readonly memoryMegabytes?: number;
}

/**
 * Brings up what isn't up of the cluster's lab, and waits until each host's sshd answers. A running lab stays as it is,
 * but for hosts that the inventory has gained, lost or given another address. Hosts that don't run Linux are left out, with a remark.
 * @throws LvsctlError when this machine can't run a lab, or a host doesn't boot (with the end of its console)
 */
export async function labUp(given: Cluster, sink: EventSink, options: LabOptions = {}): Promise<void> {
  requireLabMachine();
  const { cluster, leftOut } = twinOf(given);
  const remark = leftOutRemark({ leftOut });
  if (remark !== undefined) sink({ type: 'remark', text: remark });
  for (const host of cluster.hosts.values()) checkHost(host);
  const layout = layoutOf(cluster.name);
  const waiting = () =>
    sink({ type: 'lab.progress', text: `waiting for another command on lab ${layout.name}` });
  await locked(`lab/${layout.name}`, waiting, () => up(cluster, layout, sink, options));
}

async function up(cluster: Cluster, layout: LabLayout, sink: EventSink, options: LabOptions): Promise<void> {
  const subnets = subnetsOf(cluster);
  const before = await readLab(layout);
  await refuseForeign(cluster, layout, before);
  if (before === undefined) await rm(layout.directory, { recursive: true, force: true });
  else refuseOtherFlavours(cluster, before);
  const images = await imagesFor(cluster, before, sink);

  await mkdir(layout.directory, { recursive: true, mode: 0o700 });
  const running = await supervisorStatus(layout);
  if (running === undefined) await endRemains(layout, before, sink);
  await keyPair(layout.userKey, `lvsctl lab ${layout.name}`);
  if (images.has('redhat9'))
    await keyPair(layout.legacyUserKey, `lvsctl lab ${layout.name}`, { type: 'rsa' });

  const indexes = assignIndexes(cluster, before);
  await raiseNetwork(layout, subnets, [...indexes.values()]);
  const memoryMegabytes = options.memoryMegabytes ?? before?.memoryMegabytes ?? 256;
  const hosts = [...cluster.hosts.values()];
  const names = namesOf(cluster);
  const guests = await Promise.all(
    hosts.map((host) => {
      const index = indexes.get(host.name) ?? 0;
      const routers = routersOf(subnets, host);
      const base = images.get(flavourOfHost(host));
      if (base === undefined) throw new Error(`no image for ${host.name}`);
      return prepareGuest(layout, { cluster, host, index, routers, names, image: base, memoryMegabytes });
    }),
  );
  const known = await Promise.all(hosts.map((host) => knownHostsLine(layout, host)));
  await replaceFile(layout.knownHosts, known.join(''));
  const lab: LabFile = {
    name: layout.name,
    inventory: cluster.file,
    images: Object.fromEntries([...images].map(([flavour, { directory }]) => [flavour, directory])),
    socket: layout.socket,
    umlDirectory: layout.umlDirectory,
    memoryMegabytes,
    memoryDirectory: await memoryDirectory(layout, memoryMegabytes * guests.length),
    names,
    guests,
  };
  if (before !== undefined && running !== undefined) await syncChanged(layout, before, guests);
  await replaceFile(layout.file, `${JSON.stringify(lab, null, 2)}\n`);
  if (running === undefined) await startSupervisor(layout);
  else await reloadSupervisor(layout);
  await awaitGuests(layout, guests, sink);
  if (before !== undefined && before.names !== names)
    await Promise.all(guests.map((guest) => onGuest(layout, guest, ['tee', '/etc/hosts'], names)));
  for (const name of await readdir(join(layout.directory, 'hosts')))
    if (!cluster.hosts.has(name)) await rm(guestDirectory(layout, name), { recursive: true });
}

/**
 * After a supervisor that was killed its guests still run, but nobody could start them again after a reboot:
 * they write what they have to their disks, and end.
 */
async function endRemains(layout: LabLayout, before: LabFile | undefined, sink: EventSink): Promise<void> {
  if (!(await namespaceExists(layout))) return;
  sink({ type: 'lab.progress', text: `lab ${layout.name} lost its supervisor: its hosts start again` });
  await Promise.all((before?.guests ?? []).map((guest) => onGuest(layout, guest, ['sync'])));
  await razeNetwork(layout);
}

/** A guest whose memory, address or NIC is another now starts again from its disk; one that is gone keeps nothing. */
async function syncChanged(layout: LabLayout, before: LabFile, guests: readonly Guest[]): Promise<void> {
  const identities = new Map(guests.map((guest) => [guest.name, guest.identity]));
  const changed = before.guests.filter(({ name, identity }) => {
    const now = identities.get(name);
    return now !== undefined && now !== identity;
  });
  await Promise.all(changed.map((guest) => onGuest(layout, guest, ['sync'])));
}

function checkHost(host: ClusterHost): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(host.name))
    throw new LvsctlError(`the lab can't name a host ${JSON.stringify(host.name)}`, {
      hint: 'Use letters, digits, ".", "-" and "_" in names of hosts.',
    });
  if (!/^[^\s/:]{1,15}$/.test(host.interface) || host.interface === 'lo')
    throw new LvsctlError(`the lab can't name a NIC ${JSON.stringify(host.interface)}`, {
      host: host.name,
      hint: 'A name of an interface has at most 15 characters, without blank, "/" and ":".',
    });
}

/** Two inventories with one name would fight over one lab; a moved inventory takes its lab along. */
async function refuseForeign(
  cluster: Cluster,
  layout: LabLayout,
  before: LabFile | undefined,
): Promise<void> {
  if (before === undefined) {
    if ((await namespaceExists(layout)) && !(await exists(layout.directory)))
      throw new LvsctlError(`the network namespace ${layout.namespace} exists and is not a lab's`, {
        hint: 'Give the cluster another name, or remove it: ip netns del NAME.',
      });
    return;
  }
  if (before.inventory !== cluster.file && (await exists(before.inventory)))
    throw new LvsctlError(`a lab named ${cluster.name} belongs to ${before.inventory}`, {
      hint: `Give one of the clusters another name, or end that lab: lvsctl lab down ${before.inventory}`,
    });
}

/**
 * The image of each flavour in use. A disk belongs to the image that it was begun on, even when the recipe has changed since:
 * those that the lab has had stay.
 */
async function imagesFor(
  cluster: Cluster,
  before: LabFile | undefined,
  sink: EventSink,
): Promise<ReadonlyMap<LabFlavour, Image>> {
  const images = new Map<LabFlavour, Image>();
  for (const [flavour, directory] of Object.entries(before?.images ?? {})) {
    await requireImage(directory, cluster);
    images.set(flavour as LabFlavour, imageAt(directory));
  }
  for (const host of cluster.hosts.values()) {
    const flavour = flavourOfHost(host);
    if (!images.has(flavour)) images.set(flavour, await image(flavour, sink));
  }
  return images;
}

function refuseOtherFlavours(cluster: Cluster, before: LabFile): void {
  if (before.images === undefined)
    throw new LvsctlError(`lab ${cluster.name} was brought up by an older lvsctl`, {
      hint: `Start anew: lvsctl lab down ${cluster.file}`,
    });
  for (const { name, flavour } of before.guests) {
    const host = cluster.hosts.get(name);
    if (host !== undefined && flavourOfHost(host) !== flavour)
      throw new LvsctlError(
        `the lab's ${name} is a ${flavour} host, the inventory wants ${flavourOfHost(host)}`,
        {
          host: name,
          hint: `Its disk can't become another's; start anew: lvsctl lab down ${cluster.file}`,
        },
      );
  }
}

async function requireImage(directory: string, cluster: Cluster): Promise<void> {
  if (!(await exists(imageAt(directory).initramfs)))
    throw new LvsctlError(`the image that lab ${cluster.name} was made from is gone: ${directory}`, {
      hint: `Its disks are worth nothing without it; start anew: lvsctl lab down ${cluster.file}`,
    });
}

function assignIndexes(cluster: Cluster, before: LabFile | undefined): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>();
  for (const guest of before?.guests ?? [])
    if (cluster.hosts.has(guest.name)) indexes.set(guest.name, guest.index);
  // Taps of guests that are on their way out stay theirs.
  const taken = new Set((before?.guests ?? []).map((guest) => guest.index));
  let next = 0;
  for (const name of cluster.hosts.keys()) {
    if (indexes.has(name)) continue;
    while (taken.has(next)) next += 1;
    taken.add(next);
    indexes.set(name, next);
  }
  return indexes;
}

/** Memory of guests is a file without a name: in RAM where there is room for it, else on disk. */
async function memoryDirectory(layout: LabLayout, megabytes: number): Promise<string> {
  const shm = await statfs('/dev/shm').catch(() => undefined);
  const free = shm === undefined ? 0 : (shm.bavail * shm.bsize) / 2 ** 20;
  return free > megabytes * 1.25 ? '/dev/shm' : layout.directory;
}

/**
 * The supervisor is the compiled file beside this one, or, when lvsctl runs from source, the TypeScript file
 * through jiti's loader (which lvsctl needs for inventories anyway).
 */
async function supervisorCommand(layout: LabLayout): Promise<readonly string[]> {
  const compiled = fileURLToPath(new URL('./supervisor.js', import.meta.url));
  if (await exists(compiled)) return [process.execPath, compiled, layout.file];
  const source = fileURLToPath(new URL('./supervisor.ts', import.meta.url));
  const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');
  return [process.execPath, jiti, source, layout.file];
}

async function startSupervisor(layout: LabLayout): Promise<void> {
  await rm(layout.socket, { force: true });
  const log = await open(layout.supervisorLog, 'a');
  const child = spawn(
    programPath('ip') ?? 'ip',
    ['netns', 'exec', layout.namespace, ...(await supervisorCommand(layout))],
    {
      cwd: '/',
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      // Nothing of the operator's environment: passwords may be in it, and the lab outlives the command.
      env: { PATH: process.env.PATH, HOME: '/root', JITI_FS_CACHE: 'false' },
    },
  );
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  child.unref();
  await log.close();
  while ((await supervisorStatus(layout)) === undefined) {
    if (ended)
      throw new LvsctlError(`the supervisor of lab ${layout.name} didn't start`, {
        hint: (await readFile(layout.supervisorLog, 'utf8')).slice(-1000),
      });
    await sleep(50);
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
