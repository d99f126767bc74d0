import { expect } from 'vitest';
import type { RunEvent } from '../../../src/engine/index.js';
import { LvsctlError } from '../../../src/errors.js';
import type { Cluster, ClusterHost, Service } from '../../../src/inventory/cluster.js';
import { parseRecord } from '../../../src/ipvs/index.js';
import { drain, undrain, waitUntilIdle } from '../../../src/operations/index.js';
import { type Operations, TableGate } from '../../../src/rolling/gate.js';
import type { Host } from '../../../src/ssh/host.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';
import { debian } from '../resources/facts.js';

/** Directors on fake kernels, and gates before them. */
const opened: FakeDirector[] = [];
/** For the `afterEach` of each test file: modules are loaded once for all of them. */
export async function closeDirectors(): Promise<void> {
  for (const director of opened.splice(0)) await director.close();
}

export const vip = '-t 10.83.33.100:21';
export const usual = [
  `-A ${vip} -s wrr`,
  `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
  `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
];

export function director(name = 'lvs', lines: readonly string[] = usual): FakeDirector {
  const kernel = new FakeKernel();
  for (const line of lines) expect(kernel.run(line.split(' ')), line).toEqual({ status: 0, output: '' });
  const found = new FakeDirector(name, kernel);
  found.connectionTable = '';
  opened.push(found);
  return found;
}

/** One script after the other, as a host's shell does it. */
function oneByOne(host: Host): Host {
  let last: Promise<unknown> = Promise.resolve();
  const run: Host['run'] = (script, options) => {
    const turn = last.then(() => host.run(script, options));
    last = turn.catch(() => undefined);
    return turn;
  };
  return new Proxy(host, { get: (target, key) => (key === 'run' ? run : Reflect.get(target, key, target)) });
}

interface Setting {
  readonly change?: Partial<Service>;
  readonly site?: Cluster;
  readonly checkServes?: Operations['checkServes'];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

export function gateOf(directors: readonly FakeDirector[], setting: Setting = {}) {
  const events: RunEvent[] = [];
  const hosts = new Map(directors.map((one) => [one.name, oneByOne(one)]));
  const site = setting.site ?? cluster({ directors: directors.map(({ name }) => name), ...setting.change });
  const reach = {
    cluster: site,
    facts: async (name: string) => {
      const found = directors.find((one) => one.name === name);
      if (!found) throw new LvsctlError('nothing listens there', { host: name });
      return { ...debian, recorded: parseRecord(found.record) };
    },
    host: async (name: string) => {
      const found = hosts.get(name);
      if (!found) throw new LvsctlError('nothing listens there', { host: name, resource: 'connect' });
      return found;
    },
    sink: (event: RunEvent) => {
      events.push(event);
      setting.onEvent?.(event);
    },
    signal: setting.signal ?? new AbortController().signal,
  };
  const operations: Operations = {
    drain,
    undrain,
    waitUntilIdle: (access, options) => waitUntilIdle(access, { ...options, pollSeconds: 0.01 }),
    checkServes: setting.checkServes ?? (async () => undefined),
  };
  const gate = new TableGate(reach, operations, 'alice@ops1');
  const host = (name: string): ClusterHost => {
    const found = site.hosts.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  return {
    gate,
    events,
    host,
    remarks: () => events.flatMap((event) => (event.type === 'remark' ? [event.text] : [])),
  };
}

export const weights = (one: FakeDirector): string[] =>
  one.kernel
    .save()
    .split('\n')
    .filter((line) => line.startsWith('-a'))
    .map((line) => line.replace(/.* -r (\S+) .*-w (\d+).*/, '$1 $2'));

/** Reasons on record, by host and service. */
export const reasons = (one: FakeDirector): string[] =>
  parseRecord(one.record).entries.map(
    ({ host, service, weight, reason }) => `${host} ${service} ${weight} ${reason}`,
  );

export const established = (server: string): string =>
  `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\nTCP 0A532132 9CEA 0A532164 0015 ${server} 0015 ESTABLISHED 890\n`;
export const quick = { settleSeconds: 0 };
