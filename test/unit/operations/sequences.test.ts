import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { tableOf } from '../../../roles/director/keepalived.js';
import { LvsctlError } from '../../../src/errors.js';
import type { Service } from '../../../src/inventory/cluster.js';
import { isRolling, parseRecord, parseSave, wantedTable, withRecorded } from '../../../src/ipvs/index.js';
import { type Access, drain, setWeight, undrain } from '../../../src/operations/index.js';
import { cluster } from '../ipvs/cluster.js';
import type { FakeDirector } from '../ipvs/fake-director.js';
import { debian } from '../resources/facts.js';
import { closeDirectors, director, gateOf, quick } from '../rolling/gates.js';

afterEach(closeDirectors);

const hosts = ['ftp1', 'ftp2', 'ftp3'] as const;
const names = ['lvs', 'lvs2'] as const;

/** Two services of two directors; one of them lacks a host, the other keeps two at the least. */
function site() {
  const of = cluster({ directors: names });
  const [ftp] = of.services as [Service];
  const servers = (port: number, weights: readonly number[]) =>
    weights.map((weight, i) => ({ host: hosts[i] ?? '', address: `10.83.33.${i + 1}`, port, weight }));
  const services = [
    { ...ftp, realServers: servers(21, [3, 1, 2]), minAvailable: 2 },
    { ...ftp, name: 'web', port: 80, realServers: servers(80, [1, 5]) },
  ];
  const more = of.hosts.get('ftp2');
  if (!more) throw new Error('no ftp2');
  return { ...of, hosts: new Map([...of.hosts, ['ftp3', { ...more, name: 'ftp3' }]]), services };
}
const inventory = site();

const host = fc.constantFrom(...hosts);
const step = fc
  .record({
    kind: fc.constantFrom('drain', 'undrain', 'weight', 'rolling', 'rolling that fails', 'provision'),
    host,
    service: fc.constantFrom('ftp', 'web', undefined),
    weight: fc.constantFrom(0, 1, 2, 7),
    force: fc.boolean(),
    reason: fc.constantFrom('new disk', undefined),
    /** Directors that can be reached. */
    reached: fc.constantFrom<readonly string[]>(names, names, names, ['lvs'], ['lvs2']),
  })
  .filter((one) => one.host !== 'ftp3' || one.service !== 'web');
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a director's table has, and what it should have by a record: `10.83.33.100:21 10.83.33.1:21 3`. */
const lines = (services: ReturnType<typeof parseSave>['table']['services']) =>
  services
    .flatMap(({ id, destinations }) =>
      destinations.map(
        ({ address, port, weight }) => `${'port' in id ? id.port : ''} ${address}:${port} ${weight}`,
      ),
    )
    .sort();
const live = (lvs: FakeDirector) => lines(parseSave(lvs.kernel.save()).table.services);
const wanted = (lvs: FakeDirector, record = lvs.record) =>
  lines(wantedTable(withRecorded(inventory, parseRecord(record)), lvs.name, new Map()).services);

/** What `provision` does with the table. */
async function provision(lvs: FakeDirector): Promise<void> {
  const own = inventory.hosts.get(lvs.name);
  if (!own) throw new Error(`no ${lvs.name}`);
  const table = tableOf(withRecorded(inventory, parseRecord(lvs.record)), own, new Map(), debian);
  const { stdout, stderr, status } = await lvs.run(table.probe);
  const observed = { stdout: stdout.toString(), stderr: stderr.toString(), status };
  const change = table.plan(observed, { changing: new Set(), written: new Map() });
  if (change) expect(await lvs.fake.run(lvs.shell, change)).toMatchObject({ status: 0 });
}

async function carryOut(
  { kind, host: name, service, weight, force, reason, reached }: Step,
  directors: readonly FakeDirector[],
): Promise<void> {
  const up = directors.filter((one) => reached.includes(one.name));
  const access: Access = {
    cluster: inventory,
    host: async (wantedName) => {
      const found = up.find((one) => one.name === wantedName);
      if (!found) throw new LvsctlError('nothing listens there', { host: wantedName, resource: 'connect' });
      return found;
    },
    signal: new AbortController().signal,
  };
  const subject = { host: name, ...(service && { services: [service] }) };
  const author = { who: 'alice@ops1', ...(reason && { reason }) };
  if (kind === 'provision') for (const one of up) await provision(one);
  if (kind === 'drain') await drain(access, { ...subject, ...author, force });
  if (kind === 'undrain') await undrain(access, subject);
  if (kind === 'weight')
    await setWeight(access, { host: name, service: service ?? 'ftp', weight, force, ...author });
  if (!kind.startsWith('rolling')) return;
  const { gate, host: byName } = gateOf(up, { site: inventory });
  const target = byName(name);
  const left = await gate.left([target]);
  const operators = up.map((one) => operatorsEntries(one, name));
  const taken = await gate.takeOut(target, { ...quick, waitSeconds: 0 });
  if (kind === 'rolling that fails') return gate.stays(target);
  if (taken === 'out') await gate.putBack(target, quick);
  // A drain by an operator wins over what other directors have on record.
  const drainedIn = new Set(operators.flat().flatMap((entry) => (entry.weight === 0 ? [entry.service] : [])));
  for (const [i, one] of up.entries()) {
    const before = operators[i]?.filter(({ weight, service: of }) => weight === 0 || !drainedIn.has(of));
    expect(operatorsEntries(one, name)).toEqual(expect.arrayContaining(before ?? []));
    expect(
      operatorsEntries(one, name)
        .flatMap((entry) => (entry.weight === 0 ? [entry.service] : []))
        .sort(),
    ).toEqual([...drainedIn].sort());
  }
  if (taken === 'out' || left.size === 0)
    for (const one of up) expect(one.record).not.toMatch(new RegExp(`^${name} .* rolling`, 'm'));
}

/** Weights that operators have set, of a host. */
const operatorsEntries = (one: FakeDirector, name: string) =>
  parseRecord(one.record).entries.filter((entry) => entry.host === name && !isRolling(entry));

const tell = ({ kind, host: name, service, weight, force, reached }: Step) =>
  `${kind} ${name} ${service ?? ''} ${kind === 'weight' ? weight : ''}${force ? ' --force' : ''} on ${reached.join('+')}`;

const sequences = fc
  .sample(fc.array(step, { minLength: 5, maxLength: 6 }), {
    numRuns: 20,
    seed: 26,
  })
  .map((steps) => [steps.map(tell).join(', '), steps] as const);

describe('the table is the inventory with the record over it', () => {
  it.each(sequences)('after %s', async (_, steps) => {
    const directors = names.map((name) => director(name, []));
    for (const one of directors) await provision(one);
    for (const one of steps) {
      await carryOut(one, directors).catch((error: unknown) => {
        if (!(error instanceof LvsctlError)) throw error;
      });
      for (const lvs of directors) expect(live(lvs), tell(one)).toEqual(wanted(lvs));
    }
    const access = {
      cluster: inventory,
      host: async (name: string) => directors.find((one) => one.name === name) as FakeDirector,
      signal: new AbortController().signal,
    };
    for (const name of hosts) await undrain(access, { host: name });
    for (const lvs of directors) expect([live(lvs), lvs.record]).toEqual([wanted(lvs, ''), '']);
  });
});
