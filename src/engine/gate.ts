import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import type { Host } from '../ssh/host.js';
import type { EventSink } from './events.js';
import type { Facts } from './facts.js';
import type { Drain } from './playbook.js';
import { defaultWaitSeconds } from './rolling.js';

/**
 * What became of a host that was to be taken out. `out`: it gets no connections. `kept`: neither did it before, since an operator
 * has drained it; it stays so afterwards. `apart`: no director sends it any, so there is nothing to give back either.
 */
export type Taken = 'out' | 'kept' | 'apart';

/** What a gate works with: the run's own connections, whose locks are the run's. */
export interface GateReach {
  readonly cluster: Cluster;
  /** Gathered once a run, with the host's lock where the run changes hosts: what they tell costs no trip of its own. */
  readonly facts: (name: string) => Promise<Facts>;
  /** An open connection of the run to a host, opened again when it was lost; none where another run holds the host's lock. */
  readonly host: (name: string) => Promise<Host>;
  readonly sink: EventSink;
  readonly signal: AbortSignal;
}

/** Takes real servers out of the directors' tables and gives them back. The engine knows no tables; src/rolling does. */
export interface Gate {
  /** Those that an earlier run has taken out and not given back. */
  left(hosts: readonly ClusterHost[]): Promise<ReadonlySet<string>>;
  /**
   * Sends the host no new connections, and waits for the end of the present ones.
   * @throws LvsctlError when it may not be taken out, or they do not end; it is where it was then
   */
  takeOut(host: ClusterHost, drain: Drain): Promise<Taken>;
  /**
   * Proves that the host serves, gives it back, and waits until it takes part.
   * @throws LvsctlError when it does not serve, and stays out then
   */
  putBack(host: ClusterHost, drain: Drain): Promise<void>;
  /** The work on a host that is out has failed: it stays so, and nobody need wait for it. */
  stays(host: ClusterHost): void;
}

/** One host's way out and back, in one stage. */
export class HostGate {
  #taken: Taken | undefined;

  /** @param left it was taken out by an earlier run */
  constructor(
    readonly gate: Gate,
    readonly host: ClusterHost,
    readonly drain: Drain,
    readonly sink: EventSink,
    readonly left: boolean,
  ) {}

  /** True while it gets no connections because of us. */
  get isOut(): boolean {
    return this.#taken === undefined ? this.left : this.#taken === 'out';
  }

  /** Before its first change; what was taken out is not taken out again. */
  async takeOut(): Promise<void> {
    if (this.#taken !== undefined) return;
    const { gate, host, drain, sink } = this;
    sink({
      type: 'host.step',
      host: host.name,
      step: 'drain',
      seconds: drain.waitSeconds ?? defaultWaitSeconds,
    });
    this.#taken = await gate.takeOut(host, drain);
    if (this.#taken !== 'apart') sink({ type: 'host.drain', host: host.name, state: this.#taken });
  }

  /** After its proof. A host without changes was not taken out, unless by an earlier run. */
  async putBack(): Promise<void> {
    if (!this.isOut) return;
    const { gate, host, drain, sink } = this;
    sink({ type: 'host.step', host: host.name, step: 'check' });
    await gate.putBack(host, drain);
    this.#taken = 'apart';
    sink({ type: 'host.drain', host: host.name, state: 'back' });
  }

  /** The host's work in the stage has failed: one that is out stays there, which is told with the way back. */
  failed(): void {
    if (!this.isOut) return;
    const { name } = this.host;
    this.gate.stays(this.host);
    this.sink({ type: 'host.drain', host: name, state: 'stays' });
    this.sink({
      type: 'remark',
      host: name,
      text:
        'stays drained: it failed while it was out, so it is not known to be sound. Mend it and run the same again, which takes it ' +
        `first and gives it back after a good check; \`lvsctl undrain ${name}\` gives it back unchecked`,
    });
  }
}

/** The way out and back of each host. @throws LvsctlError when the directors can't be asked */
export async function hostGates(
  gate: Gate,
  hosts: readonly ClusterHost[],
  drain: Drain,
  sink: EventSink,
): Promise<ReadonlyMap<string, HostGate>> {
  const left = await gate.left(hosts);
  return new Map(
    hosts.map((host) => [host.name, new HostGate(gate, host, drain, sink, left.has(host.name))]),
  );
}
