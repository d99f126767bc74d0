import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { LockOwner } from '../../../src/engine/lock.js';
import { LvsctlError } from '../../../src/errors.js';
import type { Service } from '../../../src/inventory/cluster.js';
import { type Access, drain, setWeight, undrain } from '../../../src/operations/index.js';
import { shells } from '../../support/shells.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';

const vip = '-t 10.83.33.100:21';
const author = { who: 'alice@ops1', when: new Date('2026-11-25T16:40:00.123Z') };
const opened: FakeDirector[] = [];
afterEach(async () => {
  for (const director of opened.splice(0)) await director.close();
});

function director(name: string, ...lines: readonly string[]): FakeDirector {
  const kernel = new FakeKernel();
  for (const line of lines) expect(kernel.run(line.split(' ')), line).toEqual({ status: 0, output: '' });
  const found = new FakeDirector(name, kernel);
  opened.push(found);
  return found;
}

const usual = [
  `-A ${vip} -s wrr`,
  `-a ${vip} -r 10.83.33.76:21 -g -w 3`,
  `-a ${vip} -r 10.83.33.2:21 -g -w 1`,
];

function access(
  directors: readonly FakeDirector[],
  {
    change = {},
    services = [],
    lock,
  }: { change?: Partial<Service>; services?: readonly Service[]; lock?: LockOwner } = {},
): Access {
  const site = cluster({ directors: directors.map(({ name }) => name), ...change });
  return {
    cluster: { ...site, services: [...site.services, ...services] },
    host: async (name) => {
      const found = directors.find((one) => one.name === name);
      if (found === undefined)
        throw new LvsctlError('nothing listens there', { host: name, resource: 'connect' });
      return found;
    },
    ...(lock && { lock }),
    signal: new AbortController().signal,
  };
}

const writes = (one: FakeDirector) => one.fake.commands.filter((command) => !/^-(Ln|Sn)/.test(command));
const weights = (one: FakeDirector) =>
  one.kernel
    .save()
    .split('\n')
    .filter((line) => line.startsWith('-a'))
    .map((line) => line.replace(/.* -r (\S+) .*-w (\d+).*/, '$1 $2'));

describe('drain', () => {
  it('gives the server weight 0 by one edit that restates the rest, and records it: two trips', async () => {
    const lvs = director(
      'lvs',
      `-A ${vip} -s wrr`,
      `-a ${vip} -r 10.83.33.76:21 -g -w 3 -x 500 -y 300`,
      usual[2] ?? '',
    );
    const outcome = await drain(access([lvs]), { host: 'ftp1', ...author, reason: 'new\ndisk' });
    expect(outcome).toEqual({
      directors: [
        {
          director: 'lvs',
          changes: [
            { service: 'ftp', host: 'ftp1', address: '10.83.33.76:21', before: 3, after: 0, recorded: true },
          ],
          remarks: [],
        },
      ],
    });
    expect(writes(lvs)).toEqual([`-e ${vip} -r 10.83.33.76:21 -g -w 0 -x 500 -y 300`]);
    expect(lvs.record).toBe('ftp1 ftp 0 2026-11-25T16:40:00Z alice@ops1 new disk\n');
    expect(lvs.trips).toBe(2);
  });

  it.each(shells)('is the same in $name', async ({ argv }) => {
    const lvs = director('lvs', ...usual);
    const inShell = new FakeDirector('lvs', lvs.kernel, argv);
    opened.push(inShell);
    const reason = `it's "$(touch oops)" \`x\` \\n %s`;
    const { directors } = await drain(access([inShell]), { host: 'ftp1', ...author, reason });
    expect(directors[0]?.failure).toBeUndefined();
    expect(weights(inShell)[0]).toBe('10.83.33.76:21 0');
    expect(inShell.record).toBe(`ftp1 ftp 0 2026-11-25T16:40:00Z alice@ops1 ${reason}\n`);
  });

  it('does nothing twice', async () => {
    const lvs = director('lvs', ...usual);
    await drain(access([lvs]), { host: 'ftp1', ...author });
    const [before, { record }] = [writes(lvs).length, lvs];
    const later = { ...author, when: new Date('2026-11-26T00:00:00Z') };
    const { directors } = await drain(access([lvs]), { host: 'ftp1', ...later });
    expect(directors[0]?.changes).toMatchObject([{ before: 0, after: 0, recorded: true }]);
    expect(writes(lvs)).toHaveLength(before);
    expect(lvs.record).toBe(record);
    expect(lvs.trips).toBe(3);
    await drain(access([lvs]), { host: 'ftp1', ...later, reason: 'new disk' });
    expect(lvs.record).toBe('ftp1 ftp 0 2026-11-26T00:00:00Z alice@ops1 new disk\n');
    await drain(access([lvs]), { host: 'ftp1', who: 'bob@ops2' });
    expect(lvs.record).toContain('alice@ops1 new disk');
  });

  it('takes all services of the host, or the one that is named', async () => {
    const web: Service = {
      ...(cluster().services[0] as Service),
      name: 'web',
      port: 80,
      realServers: ['10.83.33.76', '10.83.33.2'].map((address, n) => ({
        host: `ftp${n + 1}`,
        address,
        port: 80,
        weight: 2,
      })),
    };
    const more = [
      `-A -t 10.83.33.100:80 -s wlc`,
      `-a -t 10.83.33.100:80 -r 10.83.33.76:80 -g -w 2`,
      `-a -t 10.83.33.100:80 -r 10.83.33.2:80 -g -w 2`,
    ];
    const lvs = director('lvs', ...usual, ...more);
    const both = access([lvs], { services: [web] });
    await drain(both, { host: 'ftp1', ...author, services: ['web'] });
    expect(weights(lvs)).toEqual([
      '10.83.33.76:21 3',
      '10.83.33.2:21 1',
      '10.83.33.76:80 0',
      '10.83.33.2:80 2',
    ]);
    await drain(both, { host: 'ftp1', ...author });
    expect(weights(lvs)).toEqual([
      '10.83.33.76:21 0',
      '10.83.33.2:21 1',
      '10.83.33.76:80 0',
      '10.83.33.2:80 2',
    ]);
    expect(lvs.record.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'ftp1 web 0',
      'ftp1 ftp 0',
      '',
    ]);
  });

  it('refuses to take the last server out, on any director, before it changes one', async () => {
    const [lvs, lvs2] = [director('lvs', ...usual), director('lvs2', usual[0] ?? '', usual[1] ?? '')];
    await expect(drain(access([lvs, lvs2]), { host: 'ftp1', ...author })).rejects.toThrow(
      'ftp1 is the last real server of ftp with a weight above 0 on lvs2',
    );
    expect([...writes(lvs), ...writes(lvs2), lvs.record, lvs2.record].join('')).toBe('');
    await drain(access([lvs, lvs2]), { host: 'ftp1', ...author, force: true });
    expect(weights(lvs2)).toEqual(['10.83.33.76:21 0']);
  });

  it('asks whoever guards the service how many must remain', async () => {
    const lvs = director('lvs', ...usual);
    const asked: unknown[] = [];
    const guard = ({ service, ...rest }: { service: Service }) => {
      asked.push({ service: service.name, ...rest });
      return 'too few';
    };
    await expect(drain(access([lvs]), { host: 'ftp1', ...author, guard })).rejects.toThrow('too few');
    expect(asked).toEqual([{ service: 'ftp', host: 'ftp1', director: 'lvs', remaining: 1, total: 2 }]);
    lvs.kernel.run(`-e ${vip} -r 10.83.33.76:21 -g -w 0`.split(' '));
    // It serves nobody: nobody misses it.
    await drain(access([lvs]), { host: 'ftp1', ...author, guard });
    expect(lvs.record).toContain('ftp1 ftp 0');
  });

  it('says what it could not do where, and does the rest', async () => {
    const lvs = director('lvs', ...usual);
    const both = access([lvs], { change: { directors: ['lvs', 'lvs2'] } });
    const { directors } = await drain(both, { host: 'ftp1', ...author });
    expect(directors).toMatchObject([
      { director: 'lvs', changes: [{ before: 3, after: 0 }] },
      { director: 'lvs2', changes: [], failure: { resource: 'connect', message: 'nothing listens there' } },
    ]);
    expect(weights(lvs)[0]).toBe('10.83.33.76:21 0');
  });

  it('tells, the next time, of a director that was not reached, and mends that of its own host', async () => {
    const [lvs, lvs2] = [director('lvs', ...usual), director('lvs2', ...usual)];
    const alone = access([lvs], { change: { directors: ['lvs', 'lvs2'] } });
    const { directors: first } = await drain(alone, { host: 'ftp1', ...author });
    expect(first[1]?.remarks).toEqual([
      'nothing was changed or recorded here: run the same again once that can be done',
    ]);
    const both = access([lvs, lvs2]);
    const about = { host: 'ftp2', service: 'ftp', weight: 2, who: 'bob@ops2' };
    const { directors: told } = await setWeight(both, about);
    expect(told.map(({ remarks }) => remarks)).toEqual([
      [],
      [
        expect.stringMatching(
          /^ftp1 in ftp is drained .* that of lvs2 says nothing of it; `lvsctl drain ftp1 /,
        ),
      ],
    ]);
    expect(weights(lvs2)).toEqual(['10.83.33.76:21 3', '10.83.33.2:21 2']);
    const { directors: mended } = await drain(both, { host: 'ftp1', ...author });
    expect(mended.map(({ remarks }) => remarks)).toEqual([[], []]);
    expect(weights(lvs2)).toEqual(['10.83.33.76:21 0', '10.83.33.2:21 2']);
  });

  it('records first: what a lost connection leaves undone, provision does', async () => {
    const lvs = director('lvs', ...usual);
    lvs.fake.broken = (command) => command.startsWith('-e');
    const { directors } = await drain(access([lvs]), { host: 'ftp1', ...author });
    expect(directors[0]?.failure).toMatchObject({
      resource: 'weights',
      message: expect.stringContaining(
        `refused (exit status 137): ipvsadm -e ${vip} -r 10.83.33.76:21 -g -w 0`,
      ),
    });
    expect(lvs.record).toContain('ftp1 ftp 0');
    lvs.losesAt = lvs.trips + 2;
    const { directors: lost } = await undrain(access([lvs]), { host: 'ftp1' });
    expect(lost[0]).toMatchObject({ changes: [], failure: { message: 'the connection was lost' } });
  });

  it('does not take another’s edit right after for its own', async () => {
    const lvs = director('lvs', ...usual);
    let edited = false;
    lvs.fake.onCommand = (command) => {
      if (edited && command.startsWith('-Sn'))
        lvs.kernel.run(`-e ${vip} -r 10.83.33.76:21 -g -w 9`.split(' '));
      edited ||= command.startsWith('-e');
    };
    const { directors } = await drain(access([lvs]), { host: 'ftp1', ...author });
    expect(directors[0]?.failure?.message).toBe(
      '10.83.33.76:21 in tcp 10.83.33.100:21 was set to weight 0, and has 9',
    );
  });

  it('records a server that is not in the table, and says so', async () => {
    const lvs = director('lvs', usual[0] ?? '', usual[2] ?? '');
    const { directors } = await drain(access([lvs]), { host: 'ftp1', ...author });
    expect(directors[0]?.changes).toEqual([
      { service: 'ftp', host: 'ftp1', address: '10.83.33.76:21', after: 0, recorded: true },
    ]);
    expect(directors[0]?.remarks).toEqual([
      'ftp1 (10.83.33.76:21) is not in the table of ftp: it gets weight 0 when `lvsctl provision` adds it',
    ]);
    expect(writes(lvs)).toEqual([]);
    expect(lvs.record).toContain('ftp1 ftp 0');
  });

  it.each([
    [0, 1],
    [1, 0],
  ] as const)(
    'says whom persistence still sends there (expire_quiescent_template %i)',
    async (value, count) => {
      const lvs = director('lvs', `-A ${vip} -s wrr -p 300`, ...usual.slice(1));
      lvs.quiescentExpires = value;
      const persistent = access([lvs], { change: { persistence: { seconds: 300 } } });
      const { directors } = await drain(persistent, { host: 'ftp1', ...author });
      expect(directors[0]?.remarks).toHaveLength(count);
      if (count > 0)
        expect(directors[0]?.remarks[0]).toMatch(/^ftp is persistent: clients .* 300 s; .*expire_quiescent/);
    },
  );

  it('leaves another’s record as it is, where it is told to', async () => {
    const lvs = director('lvs', ...usual);
    await setWeight(access([lvs]), {
      host: 'ftp1',
      service: 'ftp',
      weight: 2,
      ...author,
      reason: 'slow disk',
    });
    const keeps = ({ reason }: { reason: string }) => !reason.startsWith('rolling');
    const { directors } = await drain(access([lvs]), { host: 'ftp1', who: 'x', reason: 'rolling 1', keeps });
    expect(directors[0]?.changes).toEqual([
      {
        service: 'ftp',
        host: 'ftp1',
        address: '10.83.33.76:21',
        before: 2,
        after: 2,
        recorded: true,
        kept: 'ftp1 in ftp has weight 2 since 2026-11-25T16:40:00Z by alice@ops1: slow disk',
      },
    ]);
    await undrain(access([lvs]), { host: 'ftp1', keeps });
    expect(lvs.record).toContain('slow disk');
    expect(weights(lvs)[0]).toBe('10.83.33.76:21 2');
  });

  it('takes the lock and gives it back, and does nothing where another run has it', async () => {
    const lvs = director('lvs', ...usual);
    process.env.LVSCTL_SHELL = String(process.pid);
    const lock = { token: 'one', name: 'alice@ops1 pid 1' };
    await drain(access([lvs], { lock }), { host: 'ftp1', ...author });
    const taking = access([lvs], { lock: { token: 'two', name: 'bob@ops2 pid 2' } });
    expect((await undrain(taking, { host: 'ftp1' })).directors[0]?.failure).toBeUndefined();
    expect(weights(lvs)[0]).toBe('10.83.33.76:21 3');
  });

  it('changes nothing where another run has taken the lock after it was lost with the connection', async () => {
    const lvs = director('lvs', ...usual);
    process.env.LVSCTL_SHELL = String(process.pid);
    const folder = join(lvs.fake.folder, 'state', 'lock');
    lvs.fake.onCommand = () => {
      const owner = readFileSync(join(folder, 'owner'), 'utf8');
      writeFileSync(join(folder, 'owner'), owner.replace('one\nalice@ops1 pid 1', 'two\nbob@ops2 pid 2'));
    };
    const lock = { token: 'one', name: 'alice@ops1 pid 1' };
    const { directors } = await drain(access([lvs], { lock }), { host: 'ftp1', ...author });
    expect(directors[0]?.failure).toMatchObject({
      resource: 'lock',
      message: expect.stringMatching(/^bob@ops2 pid 2 works on lvs since /),
    });
    expect([weights(lvs)[0], lvs.record, existsSync(folder)]).toEqual(['10.83.33.76:21 3', '', true]);
  });

  it('takes the lock again that was lost with the connection', async () => {
    const lvs = director('lvs', ...usual);
    process.env.LVSCTL_SHELL = String(process.pid);
    const folder = join(lvs.fake.folder, 'state', 'lock');
    let lost = false;
    lvs.fake.onCommand = () => {
      if (!lost) rmSync(folder, { recursive: true });
      lost = true;
    };
    const lock = { token: 'one', name: 'alice@ops1 pid 1' };
    const { directors } = await drain(access([lvs], { lock }), { host: 'ftp1', ...author });
    expect(directors[0]?.failure).toBeUndefined();
    expect([weights(lvs)[0], lost, existsSync(folder)]).toEqual(['10.83.33.76:21 0', true, false]);
  });

  it('names the services that a host is not in', async () => {
    const nobody = access([], { change: { directors: ['lvs'] } });
    await expect(drain(nobody, { host: 'ftp1', services: ['web'], ...author })).rejects.toThrow(
      'ftp1 is no real server of web',
    );
    await expect(undrain(nobody, { host: 'lvs2' })).rejects.toThrow('lvs2 is no real server of any service');
  });
});

describe('undrain', () => {
  it('gives the inventory’s weight back, and leaves no record', async () => {
    const lvs = director('lvs', ...usual);
    await drain(access([lvs]), { host: 'ftp1', ...author });
    await drain(access([lvs]), { host: 'ftp2', ...author, force: true });
    const { directors } = await undrain(access([lvs]), { host: 'ftp1' });
    expect(directors[0]?.changes).toEqual([
      { service: 'ftp', host: 'ftp1', address: '10.83.33.76:21', before: 0, after: 3, recorded: false },
    ]);
    expect(weights(lvs)).toEqual(['10.83.33.76:21 3', '10.83.33.2:21 0']);
    expect(lvs.record).toMatch(/^ftp2 ftp 0 .*\n$/);
    await undrain(access([lvs]), { host: 'ftp2' });
    expect(lvs.record).toBe('');
  });
});

describe('weight', () => {
  it('is set and recorded; the inventory’s own leaves no record', async () => {
    const lvs = director('lvs', ...usual);
    const set = (weight: number) =>
      setWeight(access([lvs]), { host: 'ftp1', service: 'ftp', weight, ...author });
    expect((await set(7)).directors[0]?.changes).toMatchObject([{ before: 3, after: 7, recorded: true }]);
    expect(lvs.record).toContain('ftp1 ftp 7 ');
    expect((await set(3)).directors[0]?.changes).toMatchObject([{ before: 7, after: 3, recorded: false }]);
    expect(lvs.record).toBe('');
    expect(weights(lvs)).toEqual(['10.83.33.76:21 3', '10.83.33.2:21 1']);
  });

  it('0 is guarded as a drain is', async () => {
    const lvs = director('lvs', ...usual.slice(0, 2));
    const set = { host: 'ftp1', service: 'ftp', weight: 0, ...author };
    await expect(setWeight(access([lvs]), set)).rejects.toThrow('the last real server of ftp');
  });
});
