import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { onHost, program } from '../lab/support/program.js';
import { median } from './pairs.js';

/**
 * `lvsctl plan` of a large table against a kernel that has it, beside ipvsadm on the same kernel: a lab of two guests. The 10 real servers
 * of a service are ports of one host (NAT), which is never contacted. Needs root and the built program. ipvsadm's times are the guest's.
 */
const { values: options } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
  },
});
const [services, rounds] = [Number(options.services), Number(options.rounds)];
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-live-table-'));
const inventory = join(folder, 'inventory.ts');
const peakFile = join(folder, 'peak');
const each = 10;
const onDirector = ['--lab', '--limit', 'director'];
const peak = new URL('./peak.mjs', import.meta.url).href;

/** 10 VIPs, each with a tenth of the services, each of those with 10 real servers. */
const inventoryText = (weight: number): string => `import { defineInventory } from 'lvsctl';
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const realServers = numbers(${each}).map((index) => ({ host: 'rs1', port: 8000 + index, weight: ${weight} }));
export default defineInventory({
  name: 'live-table-${process.pid}',
  interface: 'eth0',
  hosts: {
    director: { address: '10.83.33.83/24' },
    rs1: { address: '10.83.33.76/24' },
  },
  services: Object.fromEntries(
    numbers(${services}).map((index) => [
      \`s\${index}\`,
      {
        vip: \`10.83.33.\${100 + (index % 10)}\`,
        port: 1000 + Math.floor(index / 10),
        scheduler: 'wrr' as const,
        forwarding: 'nat' as const,
        directors: ['director'],
        realServers,
      },
    ]),
  ),
});
`;

/** Runs the program as its user does; milliseconds, MiB and what it said. */
function lvsctl(...args: readonly string[]): {
  ms: number;
  mib: number;
  status: number | null;
  said: string;
} {
  writeFileSync(peakFile, '');
  const begin = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', peak, program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PEAK_FILE: peakFile },
    maxBuffer: 256 << 20,
  });
  const ms = performance.now() - begin;
  return { ms, mib: Number(readFileSync(peakFile, 'utf8')) / 1024, status, said: `${stdout}${stderr}` };
}

/** Runs a script on the guest that prints `MS KIB`. ipvsadm's peak is read while it waits for the pipe. */
function guest(script: string): { ms: number; mib: number } {
  const { status, stdout, stderr } = onHost(inventory, 'director', script);
  const [ms = Number.NaN, kib = Number.NaN] = stdout.trim().split(/\s+/).map(Number);
  if (status !== 0 || Number.isNaN(ms)) throw new Error(`${script}\n${stdout}${stderr}`);
  return { ms, mib: kib / 1024 };
}

const peakOf = `peak() { sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$(pidof ipvsadm)/status; }
now() { echo $(($(date +%s%N) / 1000000)); }`;
const save = `${peakOf}
kib=$(ipvsadm -Sn | { read -r line; peak; cat >/dev/null; })
begin=$(now); ipvsadm -Sn >/tmp/table; end=$(now)
echo $((end - begin)) $kib`;
const restore = `${peakOf}
ipvsadm -C
mkfifo /tmp/fifo
ipvsadm -R </tmp/fifo &
exec 4>/tmp/fifo
cat /tmp/table >&4; sleep 1; kib=$(peak); exec 4>&-; wait; rm /tmp/fifo
ipvsadm -C
begin=$(now); ipvsadm -R </tmp/table; end=$(now)
echo $((end - begin)) $kib`;

interface Measured {
  readonly ms: number[];
  readonly mib: number[];
}
const measured = new Map<string, Measured>();
function note(name: string, { ms, mib }: { ms: number; mib: number }): void {
  const of = measured.get(name) ?? { ms: [], mib: [] };
  measured.set(name, of);
  of.ms.push(ms);
  of.mib.push(mib);
}

function plan(name: string, weight: number, status: number): void {
  writeFileSync(inventory, inventoryText(weight));
  const run = lvsctl('plan', inventory, ...onDirector, '--exit-code');
  if (run.status !== status) throw new Error(`${name}: exit status ${run.status}\n${run.said}`);
  note(name, run);
}

writeFileSync(inventory, inventoryText(1));
try {
  const up = lvsctl('lab', 'up', inventory);
  if (up.status !== 0) throw new Error(up.said);
  const playbook = join(folder, 'playbook.ts');
  writeFileSync(
    playbook,
    `import { definePlaybook } from 'lvsctl';
import site from 'lvsctl/playbooks/site';
export default definePlaybook({ ...site, name: 'site without traffic', verify: false });
`,
  );
  const run = lvsctl('provision', inventory, ...onDirector, '--playbook', playbook);
  if (run.status !== 0) throw new Error(run.said);
  for (let round = 0; round < rounds; round++) {
    note('`ipvsadm -Sn`', guest(save));
    note('`ipvsadm -R` into an empty table', guest(restore));
    plan('`lvsctl plan`, nothing to change', 1, 0);
    plan('`lvsctl plan`, every weight changed', 2, 3);
  }
} finally {
  execFileSync(process.execPath, [program, 'lab', 'down', inventory], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}

const base = measured.get('`ipvsadm -R` into an empty table')?.ms ?? [];
console.log('| | time | ÷ `ipvsadm -R` | memory at its height |\n|---|---|---|---|');
for (const [name, { ms, mib }] of measured) {
  const ratio = median(ms.map((one, index) => one / (base[index] ?? Number.NaN)));
  console.log(
    `| ${name} | ${(median(ms) / 1000).toFixed(2)} s | ${ratio.toFixed(2)} | ${median(mib).toFixed(1)} MiB |`,
  );
}
const { model = '' } = cpus()[0] ?? {};
console.log(
  `\n${services} services × ${each} real servers, medians of ${rounds}, ${new Date().toISOString().slice(0, 10)}, on ${cpus().length} × ${model}, Node ${process.versions.node}.`,
);
