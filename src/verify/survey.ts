import type { ClusterHost } from '../inventory/cluster.js';
import { isForeign, titleOf } from '../inventory/systems.js';
import type { Sh } from '../shell/index.js';
import type { CommandResult, Host, RunOptions } from '../ssh/host.js';
import { evidenceScript, type HostEvidence, parseEvidence } from './evidence.js';
import { type HostInterface, interfacesScript, parseInterfaces } from './interfaces.js';

export interface Unreachable {
  readonly unreachable: string;
}

/** Asks hosts in one run of the check: each connection is opened once, a host that can't be reached is asked once. */
export class Survey {
  readonly #interfaces = new Map<string, Promise<readonly HostInterface[] | Unreachable>>();

  constructor(
    private readonly hosts: ReadonlyMap<string, ClusterHost>,
    private readonly open: (host: ClusterHost) => Promise<Host>,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async host(name: string): Promise<Host | Unreachable> {
    const host = this.hosts.get(name);
    if (!host) return { unreachable: 'not a host of the inventory' };
    if (isForeign(host)) return { unreachable: `lvsctl does not log in to ${titleOf(host)}` };
    try {
      return await this.open(host);
    } catch (error) {
      return { unreachable: reasonOf(error) };
    }
  }

  /** Runs a script on a host; a connection that is missing or lost is an answer, not an exception. */
  async run(name: string, script: Sh, options: RunOptions = {}): Promise<CommandResult | Unreachable> {
    const host = await this.host(name);
    if ('unreachable' in host) return host;
    try {
      return await host.run(script, this.signal ? { ...options, signal: this.signal } : options);
    } catch (error) {
      return { unreachable: reasonOf(error) };
    }
  }

  /** A host's interfaces, asked once a run. */
  interfaces(name: string): Promise<readonly HostInterface[] | Unreachable> {
    const known = this.#interfaces.get(name);
    if (known) return known;
    const asked = this.run(name, interfacesScript).then((result) =>
      'unreachable' in result ? result : parseInterfaces(result.stdout.toString()),
    );
    this.#interfaces.set(name, asked);
    return asked;
  }

  /** Evidence, anew each time: it is about the present. */
  async evidence(name: string): Promise<HostEvidence | Unreachable> {
    const result = await this.run(name, evidenceScript);
    return 'unreachable' in result ? result : parseEvidence(result.stdout.toString());
  }

  /** The host that has each MAC address, among those asked. */
  async macOwners(names: Iterable<string>): Promise<Map<string, string>> {
    const owners = new Map<string, string>();
    await Promise.all(
      [...new Set(names)].map(async (name) => {
        const interfaces = await this.interfaces(name);
        if ('unreachable' in interfaces) return;
        for (const { mac } of interfaces) if (mac !== undefined) owners.set(mac, name);
      }),
    );
    return owners;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
