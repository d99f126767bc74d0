import { afterEach, describe, expect, it } from 'vitest';
import type { Cluster, Service } from '../../../src/inventory/cluster.js';
import { wantedTable, withRecorded } from '../../../src/ipvs/index.js';
import { keepalivedConf } from '../../../src/keepalived/index.js';
import { type Access, drain, setWeight, undrain } from '../../../src/operations/index.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';

const vip = '-t 10.83.33.100:21';
const author = { who: 'alice@ops1' };
const ftp = cluster().services[0] as Service;
const tcp = { type: 'tcp', everySeconds: 5, timeoutSeconds: 3, retries: 1, retrySeconds: 1 } as const;
const site = (checks: Service['checks'] = [tcp]): Cluster => ({
  ...cluster(),
  keepalived: {},
  services: [{ ...ftp, ...(checks && { checks }) }],
});

/** keepalived.conf as provision writes it, where the record has this weight for ftp1. */
function confOf(of: Cluster, weight?: number): string {
  const entry = { host: 'ftp1', service: 'ftp', when: 'T', who: 'x', reason: '' };
  const entries = weight === undefined ? [] : [{ ...entry, weight }];
  const recorded = withRecorded(of, { entries, unread: [] });
  const host = of.hosts.get('lvs');
  if (host === undefined) throw new Error('no lvs');
  return keepalivedConf({
    cluster: recorded,
    host,
    services: wantedTable(recorded, 'lvs', new Map()).services,
  });
}

describe('on a director of keepalived', () => {
  const opened: FakeDirector[] = [];
  afterEach(async () => {
    for (const director of opened.splice(0)) await director.close();
  });

  function director(of: Cluster, weight = 3): FakeDirector {
    const kernel = new FakeKernel();
    const servers = [`10.83.33.76:21 -g -w ${weight}`, '10.83.33.2:21 -g -w 1'];
    for (const line of [`-A ${vip} -s wrr`, ...servers.map((server) => `-a ${vip} -r ${server}`)])
      expect(kernel.run(line.split(' ')).status).toBe(0);
    const found = new FakeDirector('lvs', kernel);
    found.conf = confOf(of);
    opened.push(found);
    return found;
  }
  const access = (of: Cluster, lvs: FakeDirector): Access => ({
    cluster: of,
    host: async () => lvs,
    signal: new AbortController().signal,
  });
  const edits = (lvs: FakeDirector) => lvs.fake.commands.filter((command) => command.startsWith('-e'));

  it('a drain is in the table at once, in the file as provision writes it, and in the record: two trips', async () => {
    const of = site();
    const lvs = director(of);
    const { directors } = await drain(access(of, lvs), { host: 'ftp1', ...author });
    expect(directors[0]?.failure).toBeUndefined();
    expect(edits(lvs)).toEqual([`-e ${vip} -r 10.83.33.76:21 -g -w 0`]);
    expect(lvs.conf).toBe(confOf(of, 0));
    expect(lvs.conf).not.toBe(confOf(of));
    expect(lvs.record).toContain('ftp1 ftp 0');
    expect(lvs.trips).toBe(2);
  });

  it('what brings a checked server back is keepalived’s: it may have failed', async () => {
    const of = site();
    const lvs = director(of);
    await drain(access(of, lvs), { host: 'ftp1', ...author });
    const before = edits(lvs);
    const { directors } = await undrain(access(of, lvs), { host: 'ftp1' });
    expect(directors[0]?.remarks).toEqual([
      expect.stringContaining(
        '10.83.33.76:21 in tcp 10.83.33.100:21 has weight 0 until keepalived’s check of it succeeds',
      ),
    ]);
    expect(edits(lvs)).toEqual(before);
    expect(lvs.conf).toBe(confOf(of));
    expect(lvs.record).toBe('');
  });

  it('a server that nobody checks gets its weight back in the table too', async () => {
    const of = site([]);
    const lvs = director(of);
    await drain(access(of, lvs), { host: 'ftp1', ...author });
    const free = await undrain(access(of, lvs), { host: 'ftp1' });
    expect(free.directors[0]?.remarks).toEqual([]);
    expect(edits(lvs)).toEqual([0, 3].map((weight) => `-e ${vip} -r 10.83.33.76:21 -g -w ${weight}`));
    expect(lvs.conf).toBe(confOf(of));
  });

  it('a slow change ends in the file with the weight that was asked for', async () => {
    const of = site();
    const lvs = director(of);
    const slow = { host: 'ftp1', service: 'ftp', weight: 5, overSeconds: 1, ...author };
    const { directors } = await setWeight(access(of, lvs), slow);
    expect(directors[0]?.failure).toBeUndefined();
    expect(edits(lvs)).toEqual([`-e ${vip} -r 10.83.33.76:21 -g -w 5`]);
    expect(lvs.conf).toBe(confOf(of, 5));
  });

  it('a slow change that is interrupted has its weight in table, record and file', async () => {
    const of = site();
    const lvs = director(of);
    const controller = new AbortController();
    const seen: string[] = [];
    const slow = {
      ...{ host: 'ftp1', service: 'ftp', weight: 9, overSeconds: 30, ...author },
      onStep: () => {
        seen.push(lvs.record.slice(0, 11), lvs.conf === confOf(of, 5) ? 'file' : 'other file');
        controller.abort();
      },
    };
    const { directors } = await setWeight({ ...access(of, lvs), signal: controller.signal }, slow);
    expect(directors[0]?.changes).toMatchObject([{ before: 3, after: 9, stoppedAt: 5, recorded: true }]);
    expect(edits(lvs)).toEqual([`-e ${vip} -r 10.83.33.76:21 -g -w 5`]);
    expect([seen, lvs.record.slice(0, 11)]).toEqual([['ftp1 ftp 5 ', 'file'], 'ftp1 ftp 5 ']);
  });

  it('a slow change stops where a check takes the server out on the way: it is given nothing more', async () => {
    const of = site();
    const lvs = director(of);
    const slow = {
      ...{ host: 'ftp1', service: 'ftp', weight: 5, overSeconds: 20, ...author },
      onStep: () => {
        lvs.kernel.run(`-e ${vip} -r 10.83.33.76:21 -g -w 0`.split(' '));
      },
    };
    const { directors } = await setWeight(access(of, lvs), slow);
    expect(directors[0]?.failure?.message).toMatch(
      /^10\.83\.33\.76:21 in tcp 10\.83\.33\.100:21 has been taken out meanwhile, as keepalived does where its check fails, .*; ftp1 in ftp was at weight 4, on its way to 5$/,
    );
    expect(directors[0]?.failure?.hint).toMatch(/^see first why .*; `lvsctl status` shows the weight; /);
    expect(edits(lvs)).toEqual([`-e ${vip} -r 10.83.33.76:21 -g -w 4`]);
    expect(lvs.kernel.save()).toContain('-r 10.83.33.76:21 -g -w 0');
    expect([lvs.record.slice(0, 11), lvs.conf]).toEqual(['ftp1 ftp 4 ', confOf(of, 4)]);
  });

  it('a slow change is refused where keepalived brings the server back, before anything is changed', async () => {
    const of = site();
    const lvs = director(of, 0);
    const slow = { host: 'ftp1', service: 'ftp', weight: 5, overSeconds: 9, ...author };
    const { directors } = await setWeight(access(of, lvs), slow);
    expect(directors[0]?.failure).toMatchObject({ hint: 'leave --over out' });
    expect([...edits(lvs), lvs.record, lvs.conf]).toEqual(['', confOf(of)]);
    const unchecked = site([]);
    const free = director(unchecked, 0);
    const outcome = await setWeight(access(unchecked, free), { ...slow, overSeconds: 1 });
    expect(outcome.directors[0]?.failure).toBeUndefined();
    expect(free.conf).toBe(confOf(unchecked, 5));
  });
});
