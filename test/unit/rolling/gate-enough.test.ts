import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LvsctlError } from '../../../src/errors.js';
import { type Operations, TableGate } from '../../../src/rolling/gate.js';
import type { Host } from '../../../src/ssh/host.js';
import { cluster } from '../ipvs/cluster.js';
import { debian } from '../resources/facts.js';
import { closeDirectors, director, gateOf, quick, usual, vip, weights } from './gates.js';

afterEach(closeDirectors);

describe('too few others', () => {
  it('are waited for while they are out because of this run', async () => {
    const lvs = director();
    const { gate, host, remarks } = gateOf([lvs]);
    await gate.takeOut(host('ftp1'), {});
    let taken = '';
    const second = gate.takeOut(host('ftp2'), quick).then((answer) => {
      taken = answer;
    });
    await vi.waitFor(() => expect(remarks()).toHaveLength(1), 30_000);
    expect([taken, weights(lvs)]).toEqual(['', ['10.83.33.76:21 0', '10.83.33.2:21 1']]);
    expect(remarks()).toEqual([
      'waits until ftp1 is back: ftp2 is the last real server of ftp with a weight above 0 on lvs',
    ]);
    await gate.putBack(host('ftp1'), quick);
    await second;
    expect([taken, weights(lvs)]).toEqual(['out', ['10.83.33.76:21 3', '10.83.33.2:21 0']]);
  });

  it('are not waited for any more once the one that is out has failed', async () => {
    const lvs = director();
    const { gate, host } = gateOf([lvs]);
    await gate.takeOut(host('ftp1'), {});
    const second = gate.takeOut(host('ftp2'), quick);
    setTimeout(() => gate.stays(host('ftp1')), 100);
    await expect(second).rejects.toThrow(/ftp2 is the last real server of ftp/);
    expect(weights(lvs)).toEqual(['10.83.33.76:21 0', '10.83.33.2:21 1']);
  });

  it('are given the time of a health check to be seen again', async () => {
    const lvs = director('lvs', [...usual.slice(0, 2), `-a ${vip} -r 10.83.33.2:21 -g -w 0`]);
    const { gate, host } = gateOf([lvs]);
    setTimeout(() => lvs.kernel.run(`-e ${vip} -r 10.83.33.2:21 -g -w 1`.split(' ')), 300);
    expect(await gate.takeOut(host('ftp1'), { settleSeconds: 10 })).toBe('out');
  });

  it('never come about, whatever the number of servers, minAvailable and the batch', async () => {
    const scenario = fc
      .record({
        servers: fc.integer({ min: 2, max: 7 }),
        least: fc.nat({ max: 6 }),
        batch: fc.integer({ min: 1, max: 7 }),
        pauses: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 20 }),
      })
      .filter(({ servers, least }) => least < servers);
    await fc.assert(
      fc.asyncProperty(scenario, async ({ servers, least, batch, pauses }) => {
        const fake = inMemory(servers, least, pauses);
        const queue = [...fake.hosts];
        const worker = async (): Promise<void> => {
          for (let host = queue.shift(); host !== undefined; host = queue.shift()) {
            expect(await fake.gate.takeOut(host, quick)).toBe('out');
            await fake.pause();
            await fake.gate.putBack(host, quick);
          }
        };
        await Promise.all(Array.from({ length: batch }, worker));
        expect(fake.fewest()).toBe(Math.max(least, servers - Math.min(batch, servers)));
        expect(fake.serving()).toBe(servers);
      }),
      { numRuns: 200 },
    );
  });
});

/** A gate whose director is a map, and whose operations take a while: what they find may be otherwise when they change it. */
function inMemory(servers: number, least: number, pauses: readonly number[]) {
  const names = Array.from({ length: servers }, (_, i) => `s${i}`);
  const site = cluster({
    minAvailable: least,
    realServers: names.map((host, i) => ({ host, address: `10.83.33.${i + 1}`, port: 21, weight: 1 })),
  });
  const [service] = site.services;
  const template = site.hosts.get('ftp1');
  if (!service || !template) throw new Error('no cluster');
  const weightOf = new Map(names.map((name) => [name, 1]));
  const serving = (without?: string): number =>
    [...weightOf].filter(([name, weight]) => weight > 0 && name !== without).length;
  let [fewest, step] = [servers, 0];
  const pause = async (): Promise<void> => {
    step += 1;
    for (let n = pauses[step % pauses.length] ?? 0; n > 0; n--) await new Promise(setImmediate);
  };
  const set = (host: string, weight: number) => {
    weightOf.set(host, weight);
    fewest = Math.min(fewest, serving());
    return {
      directors: [
        {
          director: 'lvs',
          remarks: [],
          changes: [{ service: 'ftp', host, address: '', after: weight, recorded: true }],
        },
      ],
    };
  };
  const proc = [
    'IP Virtual Server version 1.2.1 (size=4096)',
    'TCP  0A532164:0015 wrr',
    ...names.map((_, i) => `  -> 0A53210${i + 1}:0015      Route   1      0          0`),
  ].join('\n');
  const host = {
    run: async () => ({ stdout: Buffer.from(proc), stderr: Buffer.alloc(0), status: 0, truncated: false }),
  };
  const operations: Operations = {
    async drain(_, { host: name, guard }) {
      await pause();
      const remaining = serving(name);
      const reason = guard?.({ service, host: name, director: 'lvs', remaining, total: servers });
      if (reason !== undefined) throw new LvsctlError(reason);
      await pause();
      return set(name, 0);
    },
    async undrain(_, { host: name }) {
      await pause();
      return set(name, 1);
    },
    waitUntilIdle: async () => ({ idle: true, held: [], connections: 0, failures: [] }),
    checkServes: pause,
  };
  const reach = {
    cluster: site,
    facts: async () => debian,
    host: async () => host as unknown as Host,
    sink: () => undefined,
    signal: new AbortController().signal,
  };
  return {
    gate: new TableGate(reach, operations, 'alice@ops1'),
    hosts: names.map((name) => ({ ...template, name })),
    pause,
    serving,
    fewest: () => fewest,
  };
}
