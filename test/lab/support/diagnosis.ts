import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Diagnosis, diagnose, type Finding } from '../../../src/diagnose/index.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';
import { loadInventory } from '../../../src/inventory/index.js';
import { labAccess } from '../../../src/lab/index.js';
import { nested, sh, trusted } from '../../../src/shell/index.js';
import type { Host } from '../../../src/ssh/host.js';
import { environmentPasswords, openHost } from '../../../src/ssh/index.js';
import type { Fault, FaultGroup } from './faults/fault.js';
import { lvsctl } from './program.js';

export const named = (found: readonly Finding[]): string[] =>
  found.map(({ check, host }) => `${check}@${host}`);

/** Connections in their dozens, as verify makes them, are more than an sshd takes at once on a busy machine (MaxStartups). */
const withoutTraffic = `import { definePlaybook } from 'lvsctl';
import site from 'lvsctl/playbooks/site';
export default definePlaybook({ ...site, name: 'site without traffic', verify: false });
`;

/** A cluster in a lab of its own that faults are put into: its connections stay open, so that a look costs what it must. */
export class SickCluster {
  readonly inventory: string;
  readonly #folder: string;
  readonly #playbook: string;
  readonly #hosts = new Map<string, Promise<Host>>();
  #whole: Cluster | undefined;
  #access: Awaited<ReturnType<typeof labAccess>> | undefined;

  /** @param text of the inventory */
  constructor(name: string, text: string) {
    this.#folder = mkdtempSync(join(tmpdir(), `lvsctl-${name}-`));
    this.inventory = join(this.#folder, 'inventory.ts');
    writeFileSync(this.inventory, text);
    this.#playbook = join(this.#folder, 'playbook.ts');
    writeFileSync(this.#playbook, withoutTraffic);
  }

  /** @param before provisions, what makes the hosts ready for it */
  async up(before: () => Promise<void> = async () => {}): Promise<void> {
    const up = await lvsctl('lab', 'up', this.inventory);
    expect(up.status, up.story).toBe(0);
    await before();
    const provision = await lvsctl('provision', this.inventory, '--lab', '--playbook', this.#playbook);
    expect(provision.status, provision.story).toBe(0);
    this.#whole = await loadInventory(this.inventory);
    this.#access = await labAccess(this.#whole);
  }

  async down(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map(async (host) => (await host).close()));
    await lvsctl('lab', 'down', this.inventory);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #reached(): Awaited<ReturnType<typeof labAccess>> {
    if (this.#access === undefined) throw new Error('the lab is not up');
    return this.#access;
  }

  readonly #open = (target: ClusterHost): Promise<Host> => {
    const { dial } = this.#reached;
    const opened =
      this.#hosts.get(target.name) ?? openHost(target, { passwords: environmentPasswords({}), dial });
    this.#hosts.set(target.name, opened);
    return opened;
  };

  async on(host: string, script: string): Promise<void> {
    const target = this.#reached.cluster.hosts.get(host);
    if (!target) throw new Error(`no host ${host}`);
    const { status, stderr } = await (await this.#open(target)).run(sh`bash -c ${nested(trusted(script))}`);
    expect(status, `${host}: ${script}\n${stderr}`).toBe(0);
  }

  /** One host after the other, in the order that they stand in. */
  async onEach(scripts: Readonly<Record<string, string>>): Promise<void> {
    for (const [host, script] of Object.entries(scripts)) await this.on(host, script);
  }

  async look(change: Partial<Cluster> = {}): Promise<Diagnosis> {
    return await diagnose({ cluster: { ...this.#reached.cluster, ...change }, open: this.#open });
  }

  /**
   * Puts the faults in, expects the diagnosis to find them and nothing else, and takes them away.
   * @param counts which findings it is about
   */
  async expectFound(
    { faults, probes, whole }: FaultGroup,
    counts: (finding: Finding) => boolean,
  ): Promise<void> {
    for (const { put } of faults) await this.onEach(put);
    let found: readonly Finding[] = [];
    try {
      const { findings, examined } = await this.look({
        ...(probes !== undefined && { probes }),
        ...(whole && this.#withForeign()),
      });
      found = findings.filter(counts);
      const expected = faults.flatMap((fault) => fault.found);
      const told = named(found).sort();
      const story = told.join() === expected.sort().join() ? '' : await this.#story({ found, examined });
      expect(told, story).toEqual(expected);
    } catch (error) {
      // What was wrong first is told, and not what else goes wrong by it.
      await this.#mendAll(faults, found).catch(() => undefined);
      throw error;
    }
    await this.#mendAll(faults, found);
  }

  /** What was found, and what the kernels have that it was to be found in: a failure that comes once in twenty runs must tell why. */
  async #story(looked: unknown): Promise<string> {
    const seen = [...this.#hosts].map(async ([name, opened]) => {
      const files = [
        '/proc/net/ip_vs',
        '/proc/net/ip_vs_conn',
        '/proc/net/arp',
        '/proc/net/tcp',
        '/tmp/refused',
      ];
      const { stdout } = await (await opened).run(sh`for file in ${files}; do
  [ ! -r "$file" ] || { echo "$file"; cat "$file"; }
done`);
      return `${name}\n${stdout}`;
    });
    return [JSON.stringify(looked, undefined, 1), ...(await Promise.all(seen))].join('\n');
  }

  #withForeign(): Partial<Cluster> {
    const { hosts = [], services = [] } = this.#whole ?? {};
    return { hosts: new Map([...hosts, ...this.#reached.cluster.hosts]), services };
  }

  async #mendAll(faults: readonly Fault[], found: readonly Finding[]): Promise<void> {
    for (const fault of faults) await this.#mend(fault, found);
  }

  /** By the fixes of its findings, unless it says otherwise. */
  async #mend(fault: Fault, found: readonly Finding[]): Promise<void> {
    if (fault.undo !== undefined) await this.onEach(fault.undo);
    else
      for (const { fix, check, host } of found)
        if (fault.found.includes(`${check}@${host}`)) await this.#do(check, fix);
    if (fault.after !== undefined) await this.onEach(fault.after);
  }

  async #do(check: string, fix: Finding['fix']): Promise<void> {
    if (!('command' in fix)) throw new Error(`${check} has no command: ${JSON.stringify(fix)}`);
    if (fix.on !== undefined) return await this.on(fix.on, fix.command);
    const [program, ...words] = fix.command.split(' ');
    if (program !== 'lvsctl') throw new Error(`${check} has no command of lvsctl: ${fix.command}`);
    const run = await lvsctl(...words, '--lab');
    expect(run.status, `${fix.command}\n${run.story}`).toBe(0);
  }
}

export const namesOf = ({ faults }: FaultGroup): string => faults.map(({ name }) => name).join('; ');
