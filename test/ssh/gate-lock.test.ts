import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Gate, GateReach } from '../../src/engine/index.js';
import { acquireScript, parseLock, releaseScript } from '../../src/engine/lock.js';
import type { ClusterHost, Service } from '../../src/inventory/cluster.js';
import { sh } from '../../src/shell/index.js';
import type { Host } from '../../src/ssh/host.js';
import { openHost } from '../../src/ssh/index.js';
import { stateFolder } from '../../src/ssh/jobs.js';
import { type DelayProxy, startDelayProxy } from '../support/delay-proxy.js';
import { startSshd, type TestSshd } from '../support/sshd.js';
import { clusterOf, passwords, role, runOn, stages } from './running.js';

let sshd: TestSshd;
let server: TestSshd;
let proxy: DelayProxy;
let other: Host;
beforeEach(async () => {
  [sshd, server] = await Promise.all([startSshd(), startSshd()]);
  proxy = await startDelayProxy(sshd.port, 1);
  other = await openHost(sshd.host(), { passwords });
});
afterEach(async () => {
  await other.close();
  await proxy.stop();
  await Promise.all([sshd.stop(), server.stop()]);
});

const throughProxy = async (): Promise<Socket> => {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
};

const bob = { token: 'b2', name: 'bob@elsewhere pid 2' };
async function bobAsks() {
  const { stdout, stderr, status } = await other.run(acquireScript(bob));
  return parseLock({ stdout: stdout.toString(), stderr: stderr.toString(), status });
}

const service = {
  ...{
    name: 'web',
    vip: '10.0.0.1',
    port: 80,
    protocol: 'tcp',
    scheduler: 'wrr',
    forwarding: 'dr',
    label: '1',
  },
  directors: ['lvs'],
  realServers: [{ host: 'rs1', address: '10.0.0.2', port: 80, weight: 1 }],
} satisfies Service;

/** A run whose gate loses its connection to the director, and asks for another after `meanwhile`. */
async function afterLoss(meanwhile: () => Promise<unknown>): Promise<unknown> {
  const [lvs, rs1] = [sshd.host({}, 'lvs'), server.host({}, 'rs1')];
  const open = (target: ClusterHost) =>
    openHost(target, { passwords, ...(target.name === 'lvs' && { dial: throughProxy }) });
  let answer: unknown;
  const openGate = async (reach: GateReach): Promise<Gate> => ({
    async left() {
      const host = await reach.host('lvs');
      proxy.cut('reset');
      await host.closed;
      await meanwhile();
      answer = await reach.host('lvs').then(
        async (again) => [(await again.run(sh`echo again`)).stdout.toString().trim(), (await bobAsks()).kind],
        (error: unknown) => error,
      );
      return new Set<string>();
    },
    takeOut: async () => 'apart',
    putBack: async () => undefined,
    stays: () => undefined,
  });
  const idle = role('idle', () => [{ id: 'nothing', probe: sh`:`, plan: () => undefined }]);
  await runOn([lvs, rs1], stages({ roles: [idle], hosts: 'rs1', strategy: 'rolling', drain: {} }), {
    cluster: { ...clusterOf([lvs, rs1]), services: [service] },
    open,
    openGate,
  });
  return answer;
}

it('a connection of the gate that is opened anew has the lock again', async () => {
  const answer = await afterLoss(async () => {
    // The server needs a moment to see that the connection is gone, and the lock with it.
    const script = sh`p=\`sed -n 5p ${`${stateFolder}/lock/owner`}\`; while kill -0 "$p" 2>/dev/null; do sleep 1; done`;
    await other.run(script);
  });
  expect(answer).toEqual(['again', 'refused']);
});

it('the gate gets no connection anew where another run has taken the lock meanwhile', async () => {
  const answer = await afterLoss(async () => {
    let state = await bobAsks();
    // The server needs a moment to see that the connection is gone.
    while (state.kind === 'refused') state = await bobAsks();
    expect(state.kind).toBe('taken-over');
  });
  await other.run(releaseScript(bob));
  expect(answer).toMatchObject({ host: 'lvs', resource: 'lock', message: expect.stringContaining(bob.name) });
});
