import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../../src/engine/index.js';
import { LvsctlError } from '../../../src/errors.js';
import type { Cluster, ClusterHost, Service } from '../../../src/inventory/cluster.js';
import { parseRecord } from '../../../src/ipvs/index.js';
import { drain, undrain, waitUntilIdle } from '../../../src/operations/index.js';
import { type Operations, TableGate } from '../../../src/rolling/gate.js';
import { sh } from '../../../src/shell/index.js';
import type { Host } from '../../../src/ssh/host.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';
import { debian } from '../resources/facts.js';

const opened: FakeDirector[] = [];
afterEach(async () => {
  for (const director of opened.splice(0)) await director.close();
});

const vip = '-t 10.83.33.100:21';
const usual = [
  `-A ${vip} -s wrr`,
  `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
  `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
];

function director(name = 'lvs', lines: readonly string[] = usual): FakeDirector {
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

function gateOf(directors: readonly FakeDirector[], setting: Setting = {}) {
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

const weights = (one: FakeDirector): string[] =>
  one.kernel
    .save()
    .split('\n')
    .filter((line) => line.startsWith('-a'))
    .map((line) => line.replace(/.* -r (\S+) .*-w (\d+).*/, '$1 $2'));

/** Reasons on record, by host and service. */
const reasons = (one: FakeDirector): string[] =>
  parseRecord(one.record).entries.map(
    ({ host, service, weight, reason }) => `${host} ${service} ${weight} ${reason}`,
  );

const established = (server: string): string =>
  `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\nTCP 0A532132 9CEA 0A532164 0015 ${server} 0015 ESTABLISHED 890\n`;
const quick = { settleSeconds: 0 };

describe('out and back', () => {
  it('is weight 0 and a record on every director, and then the inventory’s weight and none', async () => {
    const [lvs, lvs2] = [director('lvs'), director('lvs2')];
    const { gate, host } = gateOf([lvs, lvs2]);
    expect(await gate.takeOut(host('ftp1'), {})).toBe('out');
    for (const one of [lvs, lvs2]) {
      expect(weights(one)).toEqual(['10.83.33.76:21 0', '10.83.33.2:21 1']);
      expect(reasons(one)).toEqual(['ftp1 ftp 0 rolling']);
    }
    await gate.putBack(host('ftp1'), quick);
    for (const one of [lvs, lvs2]) {
      expect(weights(one)).toEqual(['10.83.33.76:21 3', '10.83.33.2:21 1']);
      expect(reasons(one)).toEqual([]);
    }
  });

  it('is nothing where no director has the host', async () => {
    const lvs = director('lvs', usual.slice(0, 2));
    const { gate, host } = gateOf([lvs]);
    expect(await gate.takeOut(host('ftp2'), {})).toBe('apart');
    expect([lvs.record, lvs.fake.commands.filter((command) => !command.startsWith('-Ln'))]).toEqual(['', []]);
  });

  it('leaves to an operator what an operator has drained', async () => {
    const lvs = director();
    const { gate, host } = gateOf([lvs]);
    const access = { cluster: cluster(), host: async () => lvs, signal: new AbortController().signal };
    await drain(access, { host: 'ftp2', who: 'bob@ops2', reason: 'rolling back a release' });
    expect(await gate.takeOut(host('ftp2'), {})).toBe('kept');
    expect(reasons(lvs)).toEqual(['ftp2 ftp 0 rolling back a release']);
    lvs.connectionTable = established('0A532102');
    await expect(gate.takeOut(host('ftp2'), { waitSeconds: 0 })).rejects.toThrow(
      '1 connection is left after 0 s; nothing was done to it',
    );
    lvs.connectionTable = '';
    expect(reasons(lvs)).toEqual(['ftp2 ftp 0 rolling back a release']);
    // It is not one of ours that others would have to wait for, and it does not count.
    await expect(gate.takeOut(host('ftp1'), quick)).rejects.toThrow(/ftp1 is the last real server of ftp/);
    expect(await gate.left([host('ftp1'), host('ftp2')])).toEqual(new Set());
  });

  it('gives back only what it took: a service that an operator has drained stays so', async () => {
    const lines = [
      ...usual,
      '-A -t 10.83.33.100:80 -s rr',
      '-a -t 10.83.33.100:80 -r 10.83.33.76:80 -g -w 1',
      '-a -t 10.83.33.100:80 -r 10.83.33.2:80 -g -w 1',
    ];
    const lvs = director('lvs', lines);
    const [ftp] = cluster().services;
    if (!ftp) throw new Error('no service');
    const web = {
      ...ftp,
      name: 'web',
      port: 80,
      realServers: ftp.realServers.map((one) => ({ ...one, port: 80, weight: 1 })),
    };
    const site = { ...cluster(), services: [ftp, web] };
    const { gate, host } = gateOf([lvs], { site });
    const access = { cluster: site, host: async () => lvs, signal: new AbortController().signal };
    await drain(access, { host: 'ftp1', services: ['web'], who: 'bob@ops2', reason: 'hot' });
    expect(await gate.takeOut(host('ftp1'), {})).toBe('out');
    expect(reasons(lvs).sort()).toEqual(['ftp1 ftp 0 rolling', 'ftp1 web 0 hot']);
    await gate.putBack(host('ftp1'), quick);
    expect(reasons(lvs)).toEqual(['ftp1 web 0 hot']);
    expect(weights(lvs)).toEqual([
      '10.83.33.76:21 3',
      '10.83.33.2:21 1',
      '10.83.33.76:80 0',
      '10.83.33.2:80 1',
    ]);
  });

  it('finds hosts that an earlier run left out by the record, and keeps them out when they are busy', async () => {
    const lvs = director();
    const first = gateOf([lvs]);
    await first.gate.takeOut(first.host('ftp1'), {});
    const { gate, host } = gateOf([lvs]);
    expect(await gate.left([host('ftp1'), host('ftp2')])).toEqual(new Set(['ftp1']));
    lvs.connectionTable = established('0A53214C');
    await expect(gate.takeOut(host('ftp1'), { waitSeconds: 0 })).rejects.toThrow(
      '1 connection is left after 0 s; nothing was done to it',
    );
    expect(weights(lvs)[0]).toBe('10.83.33.76:21 0');
    lvs.connectionTable = '';
    expect(await gate.takeOut(host('ftp1'), {})).toBe('out');
  });
});

it('takes nobody for left out any more whom it has given back, whatever the facts of the run’s begin say', async () => {
  const lvs = director();
  const first = gateOf([lvs]);
  await first.gate.takeOut(first.host('ftp1'), {});
  const { gate, host } = gateOf([lvs]);
  const facts = await gate.reach.facts('lvs');
  Object.assign(gate.reach, { facts: async () => facts });
  expect(await gate.left([host('ftp1')])).toEqual(new Set(['ftp1']));
  await gate.takeOut(host('ftp1'), {});
  await gate.putBack(host('ftp1'), quick);
  lvs.connectionTable = established('0A53214C');
  await expect(gate.takeOut(host('ftp1'), { waitSeconds: 0 })).rejects.toThrow(
    /it was given back unchanged$/,
  );
  expect(await gate.left([host('ftp1')])).toEqual(new Set());
});

describe('closed connections that a director remembers', () => {
  const closed = established('0A53214C').replace('ESTABLISHED', 'FIN_WAIT   ');

  it('are waited for, since a port that is taken again would lead to the host', async () => {
    const lvs = director();
    lvs.connectionTable = closed;
    const { gate, host, remarks } = gateOf([lvs]);
    let forgotten = false;
    setTimeout(() => {
      lvs.connectionTable = '';
      forgotten = true;
    }, 2500);
    expect(await gate.takeOut(host('ftp1'), { waitSeconds: 60 })).toBe('out');
    expect(forgotten).toBe(true);
    expect(remarks()).toEqual([]);
  });

  it('are no failure when they stay, but are told of', async () => {
    const lvs = director();
    lvs.connectionTable = closed;
    const { gate, host, remarks } = gateOf([lvs]);
    expect(await gate.takeOut(host('ftp1'), { waitSeconds: 1 })).toBe('out');
    expect(remarks()).toEqual([
      expect.stringMatching(/^1 closed connections are still remembered: .*conn_reuse_mode = 2/),
    ]);
  });

  it.each([
    ['conn_reuse_mode', '2'],
    ['expire_nodest_conn', '1'],
  ])('do not matter with %s = %s', async (key, value) => {
    const lvs = director();
    lvs.connectionTable = closed;
    writeFileSync(join(lvs.fake.folder, `vs-${key}`), `${value}\n`);
    const { gate, host, remarks } = gateOf([lvs]);
    expect(await gate.takeOut(host('ftp1'), { waitSeconds: 3600 })).toBe('out');
    expect(remarks()).toEqual([]);
  });

  it('matter with conn_reuse_mode = 2 where persistence placed them', async () => {
    const lvs = director();
    lvs.connectionTable = closed;
    writeFileSync(join(lvs.fake.folder, 'vs-conn_reuse_mode'), '2\n');
    const { gate, host, remarks } = gateOf([lvs], { change: { persistence: { seconds: 300 } } });
    expect(await gate.takeOut(host('ftp1'), { waitSeconds: 1 })).toBe('out');
    expect(remarks()).toEqual([
      expect.stringMatching(
        /^1 closed connections are still remembered: .*with persistence a shorter ipvs\.timeouts\.tcpFin/,
      ),
    ]);
  });
});

describe('what does not go well', () => {
  it('connections that do not end: the host is given back unchanged, with the reason', async () => {
    const lvs = director();
    lvs.connectionTable = established('0A53214C');
    const { gate, host, events } = gateOf([lvs]);
    await expect(gate.takeOut(host('ftp1'), { waitSeconds: 0 })).rejects.toThrow(
      '1 connection is left after 0 s; it was given back unchanged',
    );
    expect([weights(lvs)[0], lvs.record]).toEqual(['10.83.33.76:21 3', '']);
    expect(events).toContainEqual({ type: 'host.drain', host: 'ftp1', state: 'waiting', connections: 1 });
  });

  it('the same where a director refuses to give it back: it is said to be out, with the way back', async () => {
    const lvs = director();
    lvs.connectionTable = established('0A53214C');
    const { gate, host } = gateOf([lvs], {
      onEvent: ({ type }) => {
        if (type === 'host.drain') lvs.fake.broken = (command) => command.startsWith('-e');
      },
    });
    await expect(gate.takeOut(host('ftp1'), { waitSeconds: 2 })).rejects.toThrow(
      /^1 connection is left after 2 s; it could not be given back on lvs \(.+\): `lvsctl undrain ftp1` does it$/,
    );
    expect(weights(lvs)[0]).toBe('10.83.33.76:21 0');
  });

  it('the same with `cut`: it goes on, and says so', async () => {
    const lvs = director();
    lvs.connectionTable = established('0A53214C');
    const { gate, host, remarks } = gateOf([lvs]);
    expect(await gate.takeOut(host('ftp1'), { waitSeconds: 0, busy: 'cut' })).toBe('out');
    expect(remarks()).toEqual(['1 connection is left after 0 s; they are cut']);
  });

  it('Ctrl-C while they are waited for gives the host back', async () => {
    const lvs = director();
    lvs.connectionTable = established('0A53214C');
    const interrupted = new AbortController();
    const { gate, host, events } = gateOf([lvs], { signal: interrupted.signal });
    const taking = gate.takeOut(host('ftp1'), { waitSeconds: 60 });
    const refused = expect(taking).rejects.toThrow(
      /^interrupted while its connections were waited for; it was given back unchanged/,
    );
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain('host.drain'), 30_000);
    interrupted.abort();
    await refused;
    await expect(taking).rejects.toMatchObject({ hint: expect.stringContaining('run the same again') });
    expect([weights(lvs)[0], lvs.record]).toEqual(['10.83.33.76:21 3', '']);
  });

  it('a connection that is lost after the last one of its clients has ended: the host is given back, and nobody waits for it', async () => {
    const lvs = director();
    const { gate, host } = gateOf([lvs]);
    const { run } = lvs;
    lvs.run = (script, options) =>
      script.text.includes('conn_reuse_mode')
        ? Promise.reject(new LvsctlError('the connection to lvs was lost', { host: 'lvs' }))
        : run.call(lvs, script, options);
    await expect(gate.takeOut(host('ftp1'), quick)).rejects.toThrow(
      /^the connection to lvs was lost; it was given back unchanged/,
    );
    expect([weights(lvs)[0], lvs.record]).toEqual(['10.83.33.76:21 3', '']);
    lvs.run = run;
    expect(await gate.takeOut(host('ftp2'), quick)).toBe('out');
  });

  it('a director that can’t be asked: nothing is done', async () => {
    const lvs = director();
    await lvs.run(sh`ipvsadm -Sn`);
    const { gate, host } = gateOf([lvs], { change: { directors: ['lvs', 'lvs2'] } });
    expect(await gate.left([host('ftp1')])).toEqual(new Set());
    await expect(gate.takeOut(host('ftp1'), quick)).rejects.toThrow('nothing listens there');
    expect([weights(lvs)[0], lvs.record]).toEqual(['10.83.33.76:21 3', '']);
  });

  it('a director that refuses the change: it is taken back on the other', async () => {
    const [lvs, lvs2] = [director('lvs'), director('lvs2')];
    lvs2.fake.broken = (command) => command.startsWith('-e');
    const { gate, host } = gateOf([lvs, lvs2]);
    await expect(gate.takeOut(host('ftp1'), quick)).rejects.toThrow(/^ftp1 can't be drained on lvs2: /);
    expect([weights(lvs)[0], lvs.record, lvs2.record]).toEqual(['10.83.33.76:21 3', '', '']);
  });

  it('the same with a host that an earlier run left out: it is not known to be sound, and stays out', async () => {
    const [lvs, lvs2] = [director('lvs'), director('lvs2')];
    const first = gateOf([lvs]);
    await first.gate.takeOut(first.host('ftp1'), {});
    lvs2.fake.broken = (command) => command.startsWith('-e');
    const { gate, host } = gateOf([lvs, lvs2]);
    expect(await gate.left([host('ftp1')])).toEqual(new Set(['ftp1']));
    await expect(gate.takeOut(host('ftp1'), quick)).rejects.toThrow(/^ftp1 can't be drained on lvs2: /);
    expect([weights(lvs)[0], reasons(lvs)]).toEqual(['10.83.33.76:21 0', ['ftp1 ftp 0 rolling']]);
  });

  it('a check that fails: the host stays out', async () => {
    const lvs = director();
    const checkServes = async () => {
      throw new LvsctlError('nothing listens on 21', { host: 'ftp1', resource: 'check' });
    };
    const { gate, host } = gateOf([lvs], { checkServes });
    await gate.takeOut(host('ftp1'), {});
    await expect(gate.putBack(host('ftp1'), quick)).rejects.toThrow('nothing listens on 21');
    expect([weights(lvs)[0], reasons(lvs)]).toEqual(['10.83.33.76:21 0', ['ftp1 ftp 0 rolling']]);
  });
});

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
