import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noParams } from '../../roles/noParams.js';
import { defineRole, type Role } from '../../src/engine/role.js';
import { trusted } from '../../src/shell/index.js';
import { runBatch } from './injection/batch.js';
import { hostileCase, tryCase } from './injection/hostile-case.js';
import { furnish } from './injection/hostile-host.js';
import { freeFields, spoiltCluster } from './injection/inventories.js';
import { Deck, live, subscript } from './injection/payloads.js';
import { ownStage, wholeRun } from './injection/run.js';
import { Programs, Sandbox, type SandboxShell, sandboxShells } from './injection/sandbox.js';

let programs: Programs;
beforeAll(() => {
  programs = new Programs();
});
afterAll(() => programs.remove());

/** Ends a run that hangs, on a machine that has much else to do. */
const hangLimit = 900_000;

const clean = { executed: [], broken: [], defects: [], hung: [], escaped: false };

describe.each(sandboxShells)('no string is executed, sh = %s', (shell) => {
  it.each([
    ['sound hosts', false],
    ['hosts that lie', true],
  ])('of a hostile inventory, on %s', { timeout: hangLimit }, async (_, lies) => {
    const taken = new Set<string>();
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(hostileCase(shell, lies), async (one) => {
        const { found, extent } = await tryCase(programs, one);
        for (const field of extent.taken.keys()) taken.add(field);
        changes += extent.changes;
        expect(found).toEqual(clean);
        // The property is about something: scripts were run, connections made, and boot scripts written.
        expect(extent.scripts).toBeGreaterThan(50);
        expect(extent.connections).toBeGreaterThan(0);
        if (!lies) expect(extent.bootScripts).toBeGreaterThan(5);
      }),
      { numRuns: lies ? 1 : 2, endOnFailure: true },
    );
    if (!lies) expect(freeFields.filter((field) => !taken.has(field))).toEqual([]);
    expect(changes).toBeGreaterThan(lies ? 0 : 20);
  });
});

/** What would be found if the product were careless: each of these must leave its trace. */
describe.each(sandboxShells)('the sandbox notices, sh = %s', (shell) => {
  it('every payload in a careless script', async () => {
    const careless = live.map(([payload, script]) => ({ origin: payload, text: script(payload) }));
    const unnoticed = (await batch(shell, careless)).filter(({ executed }) => executed === undefined);
    expect(unnoticed.map(({ origin }) => origin)).toEqual([]);
  });

  it('arithmetic with a value, which bash alone executes', async () => {
    const text = `read -r n <<'EOF'\n${subscript}\nEOF\n[ $(($n & 1)) = 0 ]`;
    const [verdict] = await batch(shell, [{ origin: 'arithmetic', text }]);
    expect(verdict?.executed !== undefined).toBe(shell === 'bash');
  });

  it('a script that cannot be read', async () => {
    const [verdict] = await batch(shell, [{ origin: 'syntax', text: "echo 'x" }]);
    expect(verdict?.syntax).toMatch(/\S/);
  });

  it.each(['probe', 'change', 'publish'] as const)(
    'a role whose %s is put together by concatenation',
    async (part) => {
      const deck = new Deck(['$(canary)'], 0);
      const shape = { family: 4, source: 'spare', sudo: false } as const;
      const { cluster } = spoiltCluster(shape, deck);
      const sandboxes = new Map<string, Sandbox>();
      for (const host of cluster.hosts.values()) {
        const sandbox = new Sandbox(programs, shell, 'debian');
        furnish(sandbox, 'debian', cluster, host);
        sandboxes.set(host.name, sandbox);
      }
      await wholeRun(cluster, sandboxes, [ownStage(careless(part))]);
      const executed = [...sandboxes.values()].filter((sandbox) => sandbox.executed() !== undefined);
      expect(executed).not.toHaveLength(0);
      await Promise.all([...sandboxes.values()].map((sandbox) => sandbox.remove()));
    },
  );
});

async function batch(shell: SandboxShell, scripts: Parameters<typeof runBatch>[1]) {
  const sandbox = new Sandbox(programs, shell, 'debian');
  try {
    return await runBatch(sandbox, scripts);
  } finally {
    await sandbox.remove();
  }
}

/** A role that passes by the `sh` tag in one of its scripts. */
function careless(part: 'probe' | 'change' | 'publish'): Role<unknown> {
  return defineRole({
    name: 'careless',
    description: 'a role that puts values into scripts as they are',
    params: noParams,
    appliesTo: () => true,
    resources: ({ host }) => [
      {
        id: 'careless',
        probe: part === 'probe' ? trusted(`echo ${host.vars.v0}`) : trusted('echo x'),
        plan: () => ({
          summary: 'be careless',
          apply: part === 'change' ? trusted(`echo "${host.vars.v0}"`) : trusted(':'),
        }),
      },
    ],
    publish: ({ host }) => ({ x: part === 'publish' ? trusted(`echo ${host.vars.v0}`) : trusted(':') }),
  });
}
