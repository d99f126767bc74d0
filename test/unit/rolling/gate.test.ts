import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { drain, setWeight } from '../../../src/operations/index.js';
import { cluster } from '../ipvs/cluster.js';
import { closeDirectors, director, established, gateOf, quick, reasons, usual, weights } from './gates.js';

afterEach(closeDirectors);

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

  it('leaves to an operator what a rolling run had left out, and the operator has drained since, without a reason', async () => {
    const lvs = director();
    const first = gateOf([lvs]);
    await first.gate.takeOut(first.host('ftp1'), {});
    const access = { cluster: cluster(), host: async () => lvs, signal: new AbortController().signal };
    await drain(access, { host: 'ftp1', who: 'bob@ops2' });
    expect(reasons(lvs)).toEqual(['ftp1 ftp 0 ']);
    const { gate, host } = gateOf([lvs]);
    expect(await gate.left([host('ftp1')])).toEqual(new Set());
    expect(await gate.takeOut(host('ftp1'), {})).toBe('kept');
    await gate.putBack(host('ftp1'), quick);
    expect([weights(lvs)[0], ...reasons(lvs)]).toEqual(['10.83.33.76:21 0', 'ftp1 ftp 0 ']);
  });

  it('takes out what has another weight by an operator, who finds it as it was', async () => {
    const lvs = director();
    const access = { cluster: cluster(), host: async () => lvs, signal: new AbortController().signal };
    await setWeight(access, {
      host: 'ftp1',
      service: 'ftp',
      weight: 2,
      who: 'bob@ops2',
      reason: 'slow disk',
    });
    const before = lvs.record;
    const first = gateOf([lvs]);
    expect(await first.gate.takeOut(first.host('ftp1'), {})).toBe('out');
    expect(weights(lvs)[0]).toBe('10.83.33.76:21 0');
    expect(reasons(lvs)).toEqual([
      expect.stringMatching(/^ftp1 ftp 0 rolling, before: 2 \S+ bob@ops2 slow disk$/),
    ]);
    // The next run finds it left out, and knows the weight as well.
    const { gate, host } = gateOf([lvs]);
    expect(await gate.left([host('ftp1')])).toEqual(new Set(['ftp1']));
    expect(await gate.takeOut(host('ftp1'), {})).toBe('out');
    await gate.putBack(host('ftp1'), quick);
    expect([weights(lvs)[0], lvs.record]).toEqual(['10.83.33.76:21 2', before]);
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
