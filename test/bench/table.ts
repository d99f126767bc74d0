import { parseArgs } from 'node:util';
import { type Table, type VirtualService, wantedService } from '../../src/ipvs/index.js';
import { ipvsTable } from '../../src/resources/index.js';
import { FakeKernel } from '../unit/ipvs/fake-kernel.js';
import { median } from './pairs.js';

/**
 * `plan` of a large table against a live one of the same size, beside the least that any reader must do: split the same text into
 * words. Both see what a director's probe prints. `live-table.ts` has a kernel's own table, and ipvsadm beside.
 * Times are of the processor, so that what else the machine does counts less.
 */
const { values: options } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    each: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '21' },
  },
});
const [services, each, rounds] = [options.services, options.each, options.rounds].map(Number) as [
  number,
  number,
  number,
];

function wantedTable(weight: number): Table {
  return {
    services: Array.from({ length: services }, (_, index): VirtualService => {
      const address = (last: number) => `10.${1 + (index >> 8)}.${index & 255}.${last}`;
      const realServers = Array.from({ length: each }, (_server, at) => ({
        host: `rs${at}`,
        address: address(at + 1),
        port: 80,
        weight,
      }));
      const service = {
        name: `s${index}`,
        vip: address(250),
        port: 80,
        protocol: 'tcp',
        scheduler: 'wrr',
        forwarding: 'dr',
        directors: ['director'],
        label: '',
        realServers,
      } as const;
      return wantedService(service, realServers);
    }),
  };
}

/** What the probe prints on a director that has the table. */
function observedText({ services: wanted }: Table): string {
  const kernel = new FakeKernel();
  for (const { id, destinations } of wanted) {
    const name = id.kind === 'address' ? `${id.address}:${id.port}` : '';
    kernel.run(['-A', '-t', name, '-s', 'wrr']);
    for (const { address, port, weight } of destinations)
      kernel.run(['-a', '-t', name, '-r', `${address}:${port}`, '-g', '-w', String(weight)]);
  }
  return `@@ proc\n${kernel.proc()}@@ save\n${kernel.save()}@@ thresholds\n${kernel.thresholds()}`;
}

const live = wantedTable(1);
const vips = new Set(live.services.map(({ id }) => (id.kind === 'address' ? id.address : '')));
const observed = { status: 0, stdout: observedText(live), stderr: '' };
const planOf = (table: Table) =>
  ipvsTable({ services: table.services, held: [], owned: { vips, marks: new Set() } });

const contenders = {
  'plan, nothing to change': () => planOf(live).plan(observed, { changing: new Set() }) === undefined,
  'plan, every weight changed': () =>
    planOf(wantedTable(2)).plan(observed, { changing: new Set() }) !== undefined,
  'split into words': () => observed.stdout.split('\n').map((line) => line.split(/\s+/)).length > services,
};

const milliseconds = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, run] of Object.entries(contenders)) {
    const begin = process.cpuUsage();
    if (!run()) throw new Error(`${name}: not what was expected`);
    const { user, system } = process.cpuUsage(begin);
    milliseconds.get(name)?.push((user + system) / 1e3);
  }

const least = milliseconds.get('split into words') ?? [];
console.log(
  `${services} services × ${each} real servers, ${observed.stdout.length} bytes, medians of ${rounds}`,
);
for (const [name, times] of milliseconds)
  console.log(
    `${name}: ${median(times).toFixed(1)} ms, ${median(times.map((time, i) => time / (least[i] ?? Number.NaN))).toFixed(1)} × the split`,
  );
console.log(`memory at its height: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
