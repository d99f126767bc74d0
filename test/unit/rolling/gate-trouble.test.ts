import { afterEach, describe, expect, it, vi } from 'vitest';
import { LvsctlError } from '../../../src/errors.js';
import { drain, setWeight } from '../../../src/operations/index.js';
import { sh } from '../../../src/shell/index.js';
import { cluster } from '../ipvs/cluster.js';
import { closeDirectors, director, established, gateOf, quick, reasons, weights } from './gates.js';

afterEach(closeDirectors);

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

  it('the same where an operator has set a weight: it is there again on both', async () => {
    const [lvs, lvs2] = [director('lvs'), director('lvs2')];
    const { gate, host } = gateOf([lvs, lvs2]);
    const who = { who: 'bob@ops2', reason: 'slow disk' };
    const access = { cluster: gate.reach.cluster, host: gate.reach.host, signal: gate.reach.signal };
    await setWeight(access, { host: 'ftp1', service: 'ftp', weight: 2, ...who });
    lvs2.fake.broken = (command) => command.startsWith('-e');
    await expect(gate.takeOut(host('ftp1'), quick)).rejects.toThrow(/^ftp1 can't be drained on lvs2: /);
    for (const one of [lvs, lvs2]) {
      expect(weights(one)[0]).toBe('10.83.33.76:21 2');
      expect(reasons(one)).toEqual(['ftp1 ftp 2 slow disk']);
    }
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

  it.each([
    ['nothing', ''],
    ['what a rolling run has left', 'ftp1 ftp 0 2026-11-25T16:00:00Z bob@ops2 rolling'],
  ])(
    'an operator’s drain that one director has not heard of, whose record says %s: it stays drained on both',
    async (_, record) => {
      const [lvs, lvs2] = [director('lvs'), director('lvs2')];
      const { gate, host, remarks } = gateOf([lvs, lvs2]);
      const alone = { cluster: cluster(), host: async () => lvs, signal: gate.reach.signal };
      await drain(alone, { host: 'ftp1', who: 'alice@ops1', reason: 'new disk' });
      await lvs2.run(sh`mkdir -p /var/lib/lvsctl; echo ${record} >/var/lib/lvsctl/weights`);
      await gate.left([host('ftp1')]);
      expect(await gate.takeOut(host('ftp1'), quick)).toBe('kept');
      expect(remarks()).toContainEqual(
        expect.stringMatching(
          /^ftp1 in ftp is drained since .* by alice@ops1: new disk: another director’s record says so/,
        ),
      );
      await gate.putBack(host('ftp1'), quick);
      for (const one of [lvs, lvs2]) {
        expect(weights(one)).toEqual(['10.83.33.76:21 0', '10.83.33.2:21 1']);
        expect(reasons(one)).toEqual(['ftp1 ftp 0 new disk']);
      }
    },
  );

  it('records that differ are told once a run', async () => {
    const [lvs, lvs2] = [director('lvs'), director('lvs2')];
    const { gate, host, remarks } = gateOf([lvs, lvs2]);
    const alone = { cluster: cluster(), host: async () => lvs, signal: gate.reach.signal };
    await drain(alone, { host: 'ftp1', who: 'alice@ops1' });
    for (let stage = 0; stage < 2; stage++) await gate.left([host('ftp1'), host('ftp2')]);
    expect(remarks()).toEqual([
      expect.stringMatching(/the record of lvs, and that of lvs2 says nothing of it/),
    ]);
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
