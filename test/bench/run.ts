import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startDelayProxy } from '../support/delay-proxy.js';
import { startSshd } from '../support/sshd.js';
import { ansible, bareSsh2, emptyProgram, help, lvsctl, type Target } from './contenders.js';
import { type Medians, takeTurns } from './pairs.js';

/** The same thirty steps with nothing to change, on one sshd on loopback; see the README's section about speed. */
const STEPS = 30;
const { values: options } = parseArgs({
  options: { write: { type: 'boolean', default: false }, rounds: { type: 'string', default: '7' } },
});
const rounds = Number(options.rounds);
const README = fileURLToPath(new URL('../../README.md', import.meta.url));

interface Row {
  readonly what: string;
  readonly measured: string;
  readonly ratio: number;
  readonly goal: number;
  /** Whether the goal is a floor (as many times faster) or a ceiling (at most so many times as long). */
  readonly wanted: 'at least' | 'at most';
}

const reached = ({ ratio, goal, wanted }: Row): boolean =>
  wanted === 'at least' ? ratio >= goal : ratio <= goal;

const seconds = (medians: Medians, name: string): string =>
  `${(medians.seconds.get(name) ?? 0).toFixed(2)} s`;

async function network(folder: string, target: Target, rttMs: number): Promise<Row[]> {
  const proxy = rttMs > 0 ? await startDelayProxy(target.port, rttMs) : undefined;
  const reachable = { ...target, port: proxy?.port ?? target.port };
  const contenders = [
    lvsctl(join(folder, `lvsctl-${rttMs}`), reachable),
    ansible(join(folder, `ansible-${rttMs}`), reachable),
    bareSsh2(reachable),
  ];
  // The first run of each fills its caches; the very first makes the folders.
  for (const contender of contenders) await contender.run('no changes');
  const medians = await takeTurns(contenders, rounds);
  await proxy?.stop();
  const at = `${rttMs} ms`;
  return [
    {
      what: `Ansible ÷ lvsctl, round trip ${at}`,
      measured: `${seconds(medians, 'Ansible')} ÷ ${seconds(medians, 'lvsctl')}`,
      ratio: medians.ratio('Ansible', 'lvsctl'),
      goal: rttMs === 0 ? 20 : 12,
      wanted: 'at least',
    },
    {
      what: `lvsctl ÷ bare ssh2, round trip ${at}`,
      measured: `${seconds(medians, 'lvsctl')} ÷ ${seconds(medians, 'bare ssh2')}`,
      ratio: medians.ratio('lvsctl', 'bare ssh2'),
      goal: 1.5,
      wanted: 'at most',
    },
  ];
}

async function start(): Promise<Row> {
  const contenders = [help(), emptyProgram()];
  for (const contender of contenders) await contender.run('no changes');
  const medians = await takeTurns(contenders, 3 * rounds);
  return {
    what: '`lvsctl --help` ÷ an empty Node program',
    measured: `${seconds(medians, 'lvsctl --help')} ÷ ${seconds(medians, 'empty program')}`,
    ratio: medians.ratio('lvsctl --help', 'empty program'),
    goal: 2,
    wanted: 'at most',
  };
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    (row) =>
      `| ${row.what} | ${row.measured} | ${row.ratio.toFixed(1)} | ${row.wanted} ${row.goal}${reached(row) ? '' : ' (missed)'} |`,
  );
  return ['| | medians | ratio | goal |', '|---|---|---|---|', ...lines].join('\n');
}

function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${processors[0]?.model.trim()}, ${memory} GB, Linux ${release().split('-')[0]}, Node ${process.versions.node}`;
}

function writeReadme(text: string): void {
  const readme = readFileSync(README, 'utf8');
  const section = /(<!-- bench -->\n)[\s\S]*(<!-- \/bench -->)/;
  if (!section.test(readme)) throw new Error('README.md has no <!-- bench --> … <!-- /bench -->');
  writeFileSync(
    README,
    readme.replace(section, (_all, begin: string, end: string) => `${begin}${text}\n${end}`),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-bench-'));
const sshd = await startSshd();
try {
  const target: Target = {
    port: sshd.port,
    identityFile: sshd.identity,
    hostKey: sshd.hostKey('ed25519'),
    paths: Array.from({ length: STEPS }, (_, i) => join(folder, 'steps', String(i + 1))),
  };
  await lvsctl(join(folder, 'lvsctl-first'), target).run('changes');
  const rows = [...(await network(folder, target, 0)), ...(await network(folder, target, 50)), await start()];
  const date = new Date().toISOString().slice(0, 10);
  const text = `${table(rows)}\n\nMedians of ${rounds} paired runs of ${STEPS} steps with nothing to change, ${date}, on ${machine()}.`;
  console.log(text);
  if (options.write) writeReadme(text);
  if (!rows.every(reached)) process.exitCode = 1;
} finally {
  await sshd.stop();
  rmSync(folder, { recursive: true, force: true });
}
