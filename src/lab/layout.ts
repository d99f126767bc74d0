import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LvsctlError } from '../errors.js';
import type { ClusterHost, LabFlavour } from '../inventory/cluster.js';

/** Where a lab keeps what it has: one folder per cluster name, removed as a whole by `down`. */
export interface LabLayout {
  readonly name: string;
  /** Network namespace that holds bridge, taps, kernels and supervisor. */
  readonly namespace: string;
  readonly directory: string;
  /** {@link LabFile} as JSON. */
  readonly file: string;
  /** Unix socket of the supervisor; sockets with a path cross network namespaces. */
  readonly socket: string;
  readonly supervisorLog: string;
  readonly userKey: string;
  /** The RSA key for hosts that know no other type. */
  readonly legacyUserKey: string;
  readonly knownHosts: string;
  /** UML's own folder of pid files and consoles' sockets: short, since a socket's path ends at 107 bytes. */
  readonly umlDirectory: string;
}

/** One guest as the supervisor starts it. */
export interface Guest {
  readonly name: string;
  readonly flavour: LabFlavour;
  readonly address: string;
  /** Number of its tap and of its folder in the UML folder; stays the same as long as the lab lives. */
  readonly index: number;
  readonly directory: string;
  readonly console: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Second disk, where the guest's boot loader leaves a kernel of its own for the supervisor to start. */
  readonly chain?: string;
  /** Changes when the guest must be started anew for a changed inventory to show. */
  readonly identity: string;
}

/** What `lab.json` says: enough for the supervisor to run and for `down` to clean up without an inventory. */
export interface LabFile {
  readonly name: string;
  readonly inventory: string;
  /** Folder of the image of each flavour that the lab has had. */
  readonly images: Readonly<Partial<Record<LabFlavour, string>>>;
  readonly socket: string;
  readonly umlDirectory: string;
  readonly memoryMegabytes: number;
  /** Folder of the guests' memory files. */
  readonly memoryDirectory: string;
  /** Content of each guest's /etc/hosts. */
  readonly names: string;
  readonly guests: readonly Guest[];
}

const stateRoot = '/var/lib/lvsctl-lab';

export function layoutOf(name: string): LabLayout {
  if (!/^[a-z0-9-]{1,32}$/.test(name))
    throw new LvsctlError(`a lab cannot be named ${JSON.stringify(name)}`, {
      hint: 'Name the cluster with 1 to 32 of a-z, 0-9 and "-".',
    });
  const directory = join(stateRoot, name);
  return {
    name,
    namespace: `lvs-${name}`,
    directory,
    file: join(directory, 'lab.json'),
    socket: join(directory, 'relay'),
    supervisorLog: join(directory, 'supervisor.log'),
    userKey: join(directory, 'id_ed25519'),
    legacyUserKey: join(directory, 'id_rsa'),
    knownHosts: join(directory, 'known_hosts'),
    umlDirectory: join(directory, 'uml'),
  };
}

export function flavourOfHost(host: ClusterHost): LabFlavour {
  return host.lab?.flavour ?? 'debian';
}

export function guestDirectory(layout: LabLayout, host: string): string {
  return join(layout.directory, 'hosts', host);
}

/** Images are shared by all labs of a user. */
export function imageRoot(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lvsctl', 'lab');
}

/** What the last `up` wrote; undefined when there is no lab of the name. */
export async function readLab(layout: LabLayout): Promise<LabFile | undefined> {
  const text = await readFile(layout.file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as LabFile);
}
