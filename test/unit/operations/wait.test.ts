import { afterEach, describe, expect, it } from 'vitest';
import { LvsctlError } from '../../../src/errors.js';
import type { Service } from '../../../src/inventory/cluster.js';
import { type Access, type Progress, waitUntilIdle } from '../../../src/operations/index.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';

const opened: FakeDirector[] = [];
afterEach(async () => {
  for (const director of opened.splice(0)) await director.close();
});

function director(name = 'lvs'): FakeDirector {
  const found = new FakeDirector(name, new FakeKernel());
  opened.push(found);
  return found;
}

const ftp = cluster().services[0] as Service;
function access(directors: readonly FakeDirector[], services: readonly Service[] = [ftp]): Access {
  const names = directors.map(({ name }) => name);
  return {
    cluster: { ...cluster(), services: services.map((service) => ({ ...service, directors: names })) },
    host: async (name) => {
      const found = directors.find((one) => one.name === name);
      if (found === undefined) throw new LvsctlError('nothing listens there', { host: name });
      return found;
    },
    signal: new AbortController().signal,
  };
}

const header = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n';
const line = (state: string, { to = '0015', server = '0A53214C', from = '9CEA', pro = 'TCP' } = {}) =>
  `${pro} 0A532132 ${from} 0A532164 ${to} ${server} ${to} ${state.padEnd(11)} 890\n`;
const none = header;

/** Waits with these tables, one a reading. */
async function wait(one: FakeDirector, tables: readonly string[], options: { seconds?: number } = {}) {
  const told: Progress[] = [];
  let at = 0;
  one.connectionTable = tables[at] ?? none;
  const outcome = await waitUntilIdle(access([one]), {
    host: 'ftp1',
    seconds: 60,
    pollSeconds: 0.01,
    onProgress: (progress) => {
      told.push(progress);
      at += 1;
      one.connectionTable = tables[Math.min(at, tables.length - 1)] ?? none;
    },
    ...options,
  });
  return { outcome, told };
}

describe('waiting for a real server', () => {
  it('counts what somebody waits for: no template, nothing of others, nothing that ends', async () => {
    const busy =
      header +
      line('NONE', { from: '0000' }) +
      line('ASSURED', { from: '0000' }) +
      line('ESTABLISHED') +
      line('ESTABLISHED', { server: '0A532102' }) +
      line('SYN_RECV') +
      line('FIN_WAIT') +
      line('TIME_WAIT');
    const { outcome, told } = await wait(director(), [busy, header + line('FIN_WAIT')]);
    expect(told.map(({ held, connections }) => [held, connections])).toEqual([
      [[{ director: 'lvs', service: 'ftp', established: 1, opening: 1, closing: 2 }], 2],
      [[{ director: 'lvs', service: 'ftp', established: 0, opening: 0, closing: 1 }], 0],
      [[{ director: 'lvs', service: 'ftp', established: 0, opening: 0, closing: 1 }], 0],
    ]);
    expect(outcome).toMatchObject({ idle: true, connections: 0, failures: [] });
  });

  it('takes one trip a reading', async () => {
    const lvs = director();
    await wait(lvs, [line('ESTABLISHED'), line('ESTABLISHED'), none]);
    expect(lvs.trips).toBe(4);
  });

  it('does not believe one reading that shows nothing, since the kernel may leave lines out while others end', async () => {
    const { outcome, told } = await wait(director(), [line('ESTABLISHED'), none, line('ESTABLISHED'), none]);
    expect(told.map(({ connections }) => connections)).toEqual([1, 0, 1, 0, 0]);
    expect(outcome.idle).toBe(true);
  });

  it('ends with what is left when its time is over', async () => {
    const { outcome, told } = await wait(director(), [line('ESTABLISHED')], { seconds: 0.2 });
    expect(outcome).toMatchObject({ idle: false, connections: 1 });
    expect(told.at(-1)?.secondsLeft).toBe(0);
  });

  it('does not take a director that does not answer for an idle one', async () => {
    const lvs = director();
    lvs.connectionTable = none;
    const both = access([lvs, director('lvs2')]);
    const gone: Access = {
      ...both,
      host: async (name) => {
        if (name === 'lvs') return lvs;
        throw new LvsctlError('nothing listens there', { host: name });
      },
    };
    const outcome = await waitUntilIdle(gone, { host: 'ftp1', seconds: 0.1, pollSeconds: 0.02 });
    expect(outcome).toMatchObject({
      idle: false,
      connections: 0,
      failures: [{ director: 'lvs2', failure: { message: 'nothing listens there' } }],
    });
    const told = await waitUntilIdle(gone, { host: 'ftp1', seconds: 60, directors: ['lvs'] });
    expect(told.idle).toBe(true);
  });

  it('counts a connection once that directors tell each other of', async () => {
    const [lvs, lvs2] = [director('lvs'), director('lvs2')];
    lvs.connectionTable = line('ESTABLISHED') + line('ESTABLISHED', { from: '9CEB' });
    lvs2.connectionTable = line('ESTABLISHED');
    const { connections } = await waitUntilIdle(access([lvs, lvs2]), { host: 'ftp1', seconds: 0 });
    expect(connections).toBe(2);
  });

  it('tells services of one VIP apart by their ports; a port of neither is a data connection of each', async () => {
    const web: Service = { ...ftp, name: 'web', port: 80 };
    const lvs = director();
    lvs.connectionTable =
      line('ESTABLISHED') + line('ESTABLISHED', { to: '0050' }) + line('ESTABLISHED', { to: 'C350' });
    const count = async (services: readonly string[]) =>
      (await waitUntilIdle(access([lvs], [ftp, web]), { host: 'ftp1', services, seconds: 0 })).connections;
    expect(await count(['ftp'])).toBe(2);
    expect(await count(['web'])).toBe(2);
  });

  it('waits for UDP until the kernel has forgotten it', async () => {
    const dns: Service = { ...ftp, name: 'dns', protocol: 'udp', port: 53 };
    const lvs = director();
    lvs.connectionTable = line('UDP', { to: '0035', pro: 'UDP' });
    const { held } = await waitUntilIdle(access([lvs], [dns]), { host: 'ftp1', seconds: 0 });
    expect(held).toEqual([{ director: 'lvs', service: 'dns', established: 1, opening: 0, closing: 0 }]);
  });
});
