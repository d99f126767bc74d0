import { expect, it } from 'vitest';
import { noParams } from '../../../roles/noParams.js';
import {
  defineRole,
  type Gate,
  type GateReach,
  type RunEvent,
  runCluster,
} from '../../../src/engine/index.js';
import { LvsctlError } from '../../../src/errors.js';
import { sh } from '../../../src/shell/index.js';
import type { Host } from '../../../src/ssh/host.js';
import { cluster } from '../ipvs/cluster.js';

const role = defineRole({
  name: 'idle',
  description: 'nothing',
  params: noParams,
  appliesTo: () => true,
  resources: () => [{ id: 'nothing', probe: sh`:`, plan: () => undefined }],
});

/** Answers every script with nothing: no lock is got. */
const silent = (name: string): Host =>
  ({
    name,
    trips: 0,
    connections: 1,
    closed: new Promise(() => undefined),
    run: async () => ({ stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), status: 0, truncated: false }),
    close: async () => undefined,
  }) as unknown as Host;

it('a gate gets no connection to a director whose lock the run does not have', async () => {
  const site = cluster();
  const [name] = site.services.flatMap(({ directors }) => directors);
  if (name === undefined) throw new Error('no director');
  let answer: unknown;
  const openGate = async (reach: GateReach): Promise<Gate> => ({
    async left() {
      answer = await reach.host(name).catch((error: unknown) => error);
      return new Set<string>();
    },
    takeOut: async () => 'out',
    putBack: async () => undefined,
    stays: () => undefined,
  });
  const events: RunEvent[] = [];
  await runCluster({
    command: 'provision',
    cluster: site,
    playbook: {
      name: 'test',
      verify: false,
      stages: [{ name: 'all', hosts: 'all', roles: [role], strategy: 'rolling', drain: {} }],
    },
    forks: 10,
    connections: 40,
    open: async (host) => silent(host.name),
    openGate,
    sink: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  expect(answer).toBeInstanceOf(LvsctlError);
  expect(answer).toMatchObject({ host: name, resource: 'lock' });
});
