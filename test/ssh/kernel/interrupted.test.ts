import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/inventory/cluster.js';
import type { TestSshd } from '../../support/sshd.js';
import { cutConnections, GATE, startBuildHost, toolCalls } from './build-host.js';
import { clusterOf, rebuild } from './rebuild.js';
import { type Bundle, buildHost, bundlesOf, type Controller, controllers } from './workshop.js';

/** Each step of the tutorial's kernel, and the call of a tool in the middle of it. */
const STEPS: readonly (readonly [step: string, call: string])[] = [
  ['unpack', 'tar xf -'],
  ['link', 'ln -s linux-2.4.20-lvs*'],
  ['patch-1', 'make installsource*'],
  ['patch-2', 'patch -p1 -f'],
  ['config', 'make oldconfig'],
  ['dep', 'make dep'],
  ['image', 'make -j* bzImage'],
  ['modules', 'make -j* modules'],
  ['stage', 'make modules_install*'],
  ['ipvsadm', 'make install BUILD_ROOT*'],
  ['bundle', 'tar cf - boot*'],
];

const controllerFor = await controllers([
  'linux-2.4.20',
  'ipvs-1.0.9',
  'hidden-2.4.20pre10-1',
  'ipvsadm-1.21',
]);

/** What an undisturbed build called, and made. */
let calls: readonly string[];
let made: Bundle | undefined;

beforeAll(async () => {
  const sshd = await startBuildHost();
  try {
    const { open } = controllerFor();
    const store = open();
    await rebuild(clusterOf({ rs1: sshd }), store);
    calls = toolCalls(sshd);
    [made] = bundlesOf(store);
    expect(calls.filter((line) => line.startsWith('gcc ')).length).toBeGreaterThan(30);
  } finally {
    await sshd.stop();
  }
});

function closeGate(sshd: TestSshd, call: string): void {
  sshd.inside(`echo '${call}' > ${GATE}`);
}

async function reached(sshd: TestSshd): Promise<void> {
  while (sshd.inside(`[ -e ${GATE}.reached ] && echo yes || echo no`).trim() === 'no') await pause(50);
}

const openGate = (sshd: TestSshd): void => void sshd.inside(`rm -f ${GATE}`);

/** lvsctl as a process of its own, which can be killed. */
function start(
  cluster: Cluster,
  { folder, given }: Controller,
  delays: readonly number[] = [1000],
): ChildProcess {
  const script = fileURLToPath(new URL('../scripts/rebuild.mjs', import.meta.url));
  const plain = { ...cluster, hosts: [...cluster.hosts] };
  const args = [script, JSON.stringify(plain), folder, JSON.stringify([...given]), JSON.stringify(delays)];
  const cache = join(dirname(folder), 'translated');
  return spawn(process.execPath, [...args, cache], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What a process writes until its end. */
async function toTheEnd(child: ChildProcess): Promise<string> {
  let told = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  await once(child, 'close');
  return told;
}

async function expectTheSame(sshd: TestSshd, store: ReturnType<Controller['open']>): Promise<void> {
  const [bundle] = bundlesOf(store);
  expect(bundle?.release).toBe(made?.release);
  expect(bundle?.members.toSorted()).toEqual(made?.members.toSorted());
  for (const member of ['boot/config', 'boot/vmlinuz', 'boot/System.map'])
    expect(bundle?.read(member)).toBe(made?.read(member));
  expect(sshd.inside('ls -A /usr/src').split('\n')).not.toContainEqual(
    expect.stringMatching(/^\.lvsctl|\.new$/),
  );
}

describe('lvsctl killed (SIGKILL) while a build is at', () => {
  it.each(STEPS)('%s: the next run goes on, and nothing is done twice', async (_, call) => {
    const [sshd, files] = [await buildHost(), controllerFor()];
    const cluster = clusterOf({ rs1: sshd });
    closeGate(sshd, call);
    const child = start(cluster, files);
    await reached(sshd);
    child.kill('SIGKILL');
    await toTheEnd(child);
    openGate(sshd);

    const store = files.open();
    const next = await rebuild(cluster, store);
    expect(next.said).toBe('');
    expect(next.failed).toBe(0);
    await expectTheSame(sshd, store);
    expect(toolCalls(sshd)).toEqual(calls);
  });
});

describe('a link that is cut, so that lvsctl can’t come back, while a build is at', () => {
  it.each(STEPS)('%s: the next run goes on, and nothing is done twice', async (_, call) => {
    const [sshd, files] = [await buildHost(), controllerFor()];
    const cluster = clusterOf({ rs1: sshd });
    closeGate(sshd, call);
    const first = toTheEnd(start(cluster, files, []));
    await reached(sshd);
    cutConnections(sshd);
    expect(await first).toMatch(/"type":"failure".*connection was lost while a job ran/);
    openGate(sshd);

    const store = files.open();
    const next = await rebuild(cluster, store);
    expect(next.said).toBe('');
    await expectTheSame(sshd, store);
    expect(toolCalls(sshd)).toEqual(calls);
    const third = await rebuild(cluster, files.open(), { command: 'plan' });
    expect(third.pending).toBe(0);
  });
});

describe('a build host that goes down while a build is at', () => {
  it.each(STEPS)('%s: the next run ends the same', async (step, call) => {
    const [sshd, files] = [await buildHost(), controllerFor()];
    const cluster = clusterOf({ rs1: sshd });
    closeGate(sshd, call);
    const first = rebuild(cluster, files.open());
    await reached(sshd);
    // The job is a process group of its own.
    sshd.inside(
      'read -r job < /var/lib/lvsctl/jobs/current; read -r pid rest < /var/lib/lvsctl/jobs/$job/pid; kill -9 -$pid',
    );
    expect((await first).failed).toBe(1);
    openGate(sshd);

    const store = files.open();
    const next = await rebuild(cluster, store);
    expect(next.said).toBe('');
    await expectTheSame(sshd, store);
    // Only a tree that was being patched is unpacked and patched again.
    const count = (pattern: RegExp) => toolCalls(sshd).filter((line) => pattern.test(line)).length;
    const patching = step.startsWith('patch-');
    expect(count(/^tar \/usr\/src\/\.lvsctl-\S+ xf -$/)).toBe(patching || step === 'unpack' ? 2 : 1);
    expect(count(/ make patchkernel|^make \S+ patchkernel/)).toBe(patching ? 2 : 1);
    expect(count(/^gcc \S+\/kernel .* -c -o fork\.o/)).toBe(1);
  });
});
