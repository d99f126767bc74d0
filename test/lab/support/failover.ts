import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { layoutOf, readLab } from '../../../src/lab/layout.js';
import { lvsctl, onHost } from './program.js';

/** How a director is lost. */
export type Way = 'killed' | 'cut off' | 'stopped';
export const WAYS: readonly Way[] = ['killed', 'cut off', 'stopped'];

/** What came of one loss under load. */
export interface Loss {
  readonly way: Way;
  readonly sync: boolean;
  /** The longest time without an answer, milliseconds. */
  readonly gap: number;
  readonly failed: number;
  /** More than 900 ms: their SYN was sent again. */
  readonly slow: number;
  readonly begun: number;
  readonly lost: number;
  readonly kept: number;
  readonly cut: number;
  readonly downloads: number;
  /** Milliseconds from the heal until the client had the MAC that it had from then on. */
  readonly healed?: number;
}

/** The lab's hands, which reach what an operator's can't: a guest's power and its cable. */
export class Hands {
  constructor(
    private readonly inventory: string,
    private readonly name: string,
  ) {}

  async #guest(host: string): Promise<{ readonly index: number; readonly pid: number }> {
    const layout = layoutOf(this.name);
    const guest = (await readLab(layout))?.guests.find((one) => one.name === host);
    if (guest === undefined) throw new Error(`no guest ${host}`);
    const { index } = guest;
    const pid = Number(readFileSync(join(layout.umlDirectory, String(index), 'pid'), 'utf8'));
    return { index, pid };
  }

  /** Off the bridge and on it again: a tap that was down is of no more use to its guest. */
  async link(host: string, state: 'up' | 'down'): Promise<void> {
    const { index } = await this.#guest(host);
    const bridge = state === 'up' ? ['master', 'lab'] : ['nomaster'];
    const words = ['netns', 'exec', `lvs-${this.name}`, 'ip', 'link', 'set', 'dev', `tap${index}`, ...bridge];
    await promisify(execFile)('ip', words);
  }

  async lose(host: string, way: Way): Promise<void> {
    if (way === 'killed') process.kill((await this.#guest(host)).pid, 'SIGKILL');
    else if (way === 'cut off') await this.link(host, 'down');
    else onHost(this.inventory, host, 'systemctl stop keepalived');
  }

  async restore(host: string, way: Way): Promise<void> {
    if (way === 'killed') await lvsctl('lab', 'reset', this.inventory, host);
    else if (way === 'cut off') await this.link(host, 'up');
    else onHost(this.inventory, host, 'systemctl start keepalived');
  }
}

/** The MACs that the load's machine has for an address, as they change, with the moments. */
export function watchNeighbour(
  name: string,
  address: string,
): { readonly seen: { at: number; mac: string }[]; end(): void } {
  const seen: { at: number; mac: string }[] = [];
  // It ends by itself when nobody reads it any more.
  const script = `while ip neigh show ${address}; do sleep 0.02; done`;
  const child = spawn('ip', ['netns', 'exec', `lvs-${name}`, 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const mac = /lladdr (\S+)/.exec(line)?.[1];
    if (mac !== undefined && mac !== seen.at(-1)?.mac) seen.push({ at: Date.now(), mac });
  });
  return { seen, end: () => void child.kill('SIGKILL') };
}

/** Of markdown. */
export function lossTable(losses: readonly Loss[]): string {
  const rows = losses.map(({ way, sync, gap, failed, begun, slow, lost, kept, cut, downloads, healed }) =>
    [
      way,
      sync ? 'with' : 'without',
      (gap / 1000).toFixed(1),
      `${failed} of ${begun}`,
      slow,
      `${lost} of ${kept}`,
      `${cut} of ${downloads}`,
      healed === undefined ? '' : `${(healed / 1000).toFixed(1)} s`,
    ].join(' | '),
  );
  return [
    '| the active director is | sync | seconds without service | requests failed | slow | kept connections lost | downloads cut | healed: one MAC after |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}
