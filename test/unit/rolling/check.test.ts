import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/engine/index.js';
import type { Cluster, Service } from '../../../src/inventory/cluster.js';
import { checkServes, endpointsOf } from '../../../src/rolling/check.js';
import { freePort } from '../../support/sshd.js';
import { cluster } from '../ipvs/cluster.js';
import { FakeDirector } from '../ipvs/fake-director.js';
import { FakeKernel } from '../ipvs/fake-kernel.js';
import { debian } from '../resources/facts.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const [ftp] = cluster().services as [Service];
const ftp1 = cluster().hosts.get('ftp1');
if (!ftp1) throw new Error('no ftp1');

it('asks at the VIP where the host holds it, at its own ports with NAT, each from the directors that send it connections', () => {
  const natted = (name: string, port: number, directors: readonly string[]): Service => ({
    ...ftp,
    ...{ name, directors, forwarding: 'nat', port: 80 },
    realServers: [{ host: 'ftp1', address: '10.83.33.76', port, weight: 1 }],
  });
  const site = {
    ...cluster(),
    services: [
      ftp,
      { ...ftp, name: 'dns', protocol: 'udp' as const },
      {
        ...ftp,
        name: 'all',
        port: 0,
        realServers: [{ host: 'ftp1', address: '10.83.33.76', port: 0, weight: 1 }],
      },
      natted('web', 8080, ['lvs', 'lvs2']),
      natted('again', 8080, ['lvs']),
    ],
  };
  const asked = (director: string) => {
    const { atVip, own } = endpointsOf({ cluster: site }, ftp1, director);
    return [
      atVip.map(({ service, servers }) => [service.name, ...servers.map(({ host }) => host)]),
      own.map(({ address, port }) => `${address}:${port}`),
    ];
  };
  expect(asked('lvs')).toEqual([[['ftp', 'ftp1']], ['10.83.33.76:8080']]);
  expect(asked('lvs2')).toEqual([[], ['10.83.33.76:8080']]);
});

async function listening(port?: number): Promise<{ server: Server; port: number }> {
  const own = port ?? (await freePort());
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return { server, port: own };
}

function reachTo(port: number) {
  const events: RunEvent[] = [];
  const lvs = new FakeDirector('lvs', new FakeKernel(), ['sh']);
  closing.push(() => lvs.close());
  const site: Cluster = {
    ...cluster({ forwarding: 'nat', realServers: [{ host: 'ftp1', address: '127.0.0.1', port, weight: 1 }] }),
  };
  const reach = {
    cluster: site,
    host: async () => lvs,
    facts: async () => debian,
    sink: (event: RunEvent) => events.push(event),
    signal: new AbortController().signal,
  };
  return { reach, events };
}

it('is content once the port answers, and not before', async () => {
  const first = await listening();
  await new Promise((resolve) => first.server.close(resolve));
  const { reach } = reachTo(first.port);
  const checked = checkServes(reach, ftp1, ['lvs'], 600);
  let done = false;
  void checked.then(() => {
    done = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(done).toBe(false);
  await listening(first.port);
  await checked;
});

it('is not content with a port that was open for a moment, as `nginx -t` opens it', async () => {
  const tested = await listening();
  tested.server.once('connection', () => tested.server.close());
  const closed = new Promise((resolve) => tested.server.once('close', resolve));
  const { reach } = reachTo(tested.port);
  const checked = checkServes(reach, ftp1, ['lvs'], 600);
  let done = false;
  void checked.then(() => {
    done = true;
  });
  await closed;
  await new Promise((resolve) => setTimeout(resolve, 3500));
  expect(done).toBe(false);
  await listening(tested.port);
  await checked;
});

it('says what it wanted from where, and what came instead', async () => {
  const { server, port } = await listening();
  await new Promise((resolve) => server.close(resolve));
  const { reach } = reachTo(port);
  await expect(checkServes(reach, ftp1, ['lvs'], 0)).rejects.toMatchObject({
    host: 'ftp1',
    resource: 'check',
    message: expect.stringMatching(
      new RegExp(
        `^ftp1 does not serve 0 s after its changes: lvs can't connect to it at 127\\.0\\.0\\.1:${port}: .*refused`,
        'i',
      ),
    ),
  });
});
