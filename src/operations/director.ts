import {
  acquireScript,
  type LockOwner,
  parseLock,
  releaseScript,
  requireLockScript,
} from '../engine/lock.js';
import type { ProbeOutput } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';
import { keepalivedRuns } from '../inventory/keepalived.js';
import {
  destinationOf,
  emptyRecord,
  type Operation,
  type Owned,
  parseRecord,
  serviceIdentity,
  serviceKey,
  type VirtualService,
  type WeightRecord,
  wantedTable,
  withRecorded,
} from '../ipvs/index.js';
import {
  applyOperations,
  type KeepalivedWeight,
  keepalivedWeights,
  readTable,
  recordMark,
  recordProbe,
  requireRecord,
  tableProbe,
  writeRecord,
} from '../resources/index.js';
import { type Sh, shLines, trusted } from '../shell/index.js';
import type { Host } from '../ssh/host.js';
import { runSections } from '../ssh/sections.js';

/** What a director's table and record say. */
export interface DirectorState {
  /** Services of the table by their keys. */
  readonly services: ReadonlyMap<string, VirtualService>;
  readonly record: WeightRecord;
  /** False: clients that persistence remembers go on to a server with weight 0. Undefined: not known. */
  readonly quiescentExpires: boolean | undefined;
}

const quiescentProbe = trusted('f=/proc/sys/net/ipv4/vs/expire_quiescent_template; [ ! -r $f ] || cat $f');

/** One director during one operation: two trips, one that reads and one that changes, records and reads back. */
export class Director {
  #locked = false;
  readonly #owned: Owned;
  readonly #keepalived: boolean;
  /** As it was read, and as it is since. */
  #found: WeightRecord = emptyRecord;
  #record: WeightRecord = emptyRecord;
  /** Of the record's file: a run that had the lock while this one had no connection may have written another. */
  #mark = '';

  constructor(
    private readonly host: Host,
    private readonly cluster: Cluster,
    private readonly lock: LockOwner | undefined,
  ) {
    this.#owned = wantedTable(cluster, host.name, new Map()).owned;
    const own = cluster.hosts.get(host.name);
    this.#keepalived = own !== undefined && keepalivedRuns(cluster, own);
  }

  get name(): string {
    return this.host.name;
  }

  get hasKeepalived(): boolean {
    return this.#keepalived;
  }

  /** As it is now. */
  get record(): WeightRecord {
    return this.#record;
  }

  /** @throws LvsctlError when another run holds the lock, or the table can't be read */
  async read(): Promise<DirectorState> {
    const sections = new Map<string, Sh>();
    if (this.lock) sections.set('lock', acquireScript(this.lock));
    sections.set('record', recordProbe);
    sections.set('record mark', recordMark);
    sections.set('quiescent', quiescentProbe);
    sections.set('ipvs table', tableProbe);
    const outputs = await runSections(this.host, sections);
    if (this.lock) this.#check(output(outputs, 'lock'));
    this.#found = parseRecord(succeeded(this.name, 'recorded weights', output(outputs, 'record')));
    this.#record = this.#found;
    this.#mark = output(outputs, 'record mark').stdout.trim();
    return {
      services: this.#services(outputs),
      record: this.#record,
      quiescentExpires: quiescent(output(outputs, 'quiescent').stdout),
    };
  }

  /**
   * The record first: what a lost connection or a refusal leaves undone, the next `provision` does.
   * @param last gives the lock back in the same trip, if it was taken here
   * @returns the table as it is afterwards
   * @throws LvsctlError when the record can't be written, or the kernel refuses a change
   */
  async change(
    planned: readonly Operation[],
    { record, last }: { readonly record?: WeightRecord | undefined; readonly last: boolean },
  ): Promise<DirectorState['services']> {
    const sections = new Map<string, Sh>();
    const edits = applyOperations(
      planned.filter((one) => !this.isLeftToChecks(one)),
      { restores: false },
    );
    this.#record = record ?? this.#record;
    // A connection that is opened anew meanwhile has no lock.
    if (this.lock) sections.set('lock', acquireScript(this.lock));
    const inFile = (last || record !== undefined) && this.#keepalived ? this.#weights() : [];
    sections.set('record before', recordMark);
    sections.set(
      'change',
      shLines(
        this.lock && requireLockScript(this.lock),
        this.lock && record && requireRecord(this.#mark),
        record && writeRecord(record),
        trusted('set -e'),
        edits.apply,
        inFile.length > 0 && keepalivedWeights(inFile),
      ),
    );
    sections.set('record mark', recordMark);
    sections.set('ipvs table', tableProbe);
    if (last && this.#locked && this.lock) sections.set('release', releaseScript(this.lock));
    const outputs = await runSections(this.host, sections);
    if (this.lock) this.#check(output(outputs, 'lock'));
    if (last) this.#locked = false;
    if (output(outputs, 'record before').stdout.trim() === this.#mark)
      this.#mark = output(outputs, 'record mark').stdout.trim();
    succeeded(this.name, 'weights', output(outputs, 'change'));
    return this.#services(outputs);
  }

  /** The table as it is now: one trip. */
  async table(): Promise<DirectorState['services']> {
    return this.#services(await runSections(this.host, new Map([['ipvs table', tableProbe]])));
  }

  /**
   * True for a real server that gets a weight again where keepalived checks it: it may have failed, which keepalived knows. It gets the
   * weight by keepalived's own file.
   */
  isLeftToChecks(operation: Operation): boolean {
    if (!this.#keepalived || operation.kind !== 'editDestination') return false;
    if (operation.before.weight !== 0 || operation.destination.weight === 0) return false;
    const key = serviceKey(operation.id);
    const service = this.cluster.services.find((one) => serviceKey(serviceIdentity(one)) === key);
    return (service?.checks ?? []).length > 0;
  }

  /** Of all real servers that the record was about, or is now. */
  #weights(): KeepalivedWeight[] {
    const entries = [...this.#found.entries, ...this.#record.entries];
    const { services } = withRecorded(this.cluster, this.#record);
    return services
      .filter(({ directors }) => directors.includes(this.name))
      .flatMap((service) =>
        service.realServers
          .filter(({ host }) => entries.some((one) => one.host === host && one.service === service.name))
          .map((one) => ({ ...destinationOf(service, one), service: service.name, weight: one.weight })),
      );
  }

  /** Gives the lock back, if it was taken here. */
  async release(): Promise<void> {
    if (!this.#locked || !this.lock) return;
    this.#locked = false;
    await this.host.run(releaseScript(this.lock));
  }

  #services(outputs: ReadonlyMap<string, ProbeOutput>): DirectorState['services'] {
    const { table } = readTable(output(outputs, 'ipvs table'), this.#owned);
    return new Map(table.services.map((service) => [serviceKey(service.id), service]));
  }

  #check(answer: ProbeOutput): void {
    const state = parseLock(answer);
    if (state.kind === 'held' || state.kind === 'taken-over') {
      this.#locked = true;
      return;
    }
    const [message, hint] =
      state.kind === 'refused'
        ? [
            `${state.owner} works on ${this.name} since ${state.since}`,
            'wait for that run to end, or end it; the lock goes with it',
          ]
        : [
            `the lock on ${this.name} can't be taken: ${state.message}`,
            'lvsctl needs root there, and room in /var/lib/lvsctl',
          ];
    throw new LvsctlError(message, { host: this.name, resource: 'lock', hint });
  }
}

function output(outputs: ReadonlyMap<string, ProbeOutput>, section: string): ProbeOutput {
  return outputs.get(section) ?? { stdout: '', stderr: 'no answer', status: 255 };
}

/** What a section printed. @throws LvsctlError when it failed, in its own words */
function succeeded(host: string, resource: string, { stdout, stderr, status }: ProbeOutput): string {
  if (status === 0) return stdout;
  const said = stderr.trim().slice(-400) || `exit status ${status}, without a word`;
  throw new LvsctlError(`${resource} on ${host}: ${said}`, {
    host,
    resource,
    hint: 'what was recorded before that, the next `lvsctl provision` brings about',
  });
}

function quiescent(text: string): boolean | undefined {
  const word = text.trim();
  return word === '1' ? true : word === '0' ? false : undefined;
}
