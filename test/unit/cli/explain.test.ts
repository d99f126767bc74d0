import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderWithInventory, lvsctl } from './run-cli.js';

let unreachable: string;

beforeAll(async () => {
  unreachable = await folderWithInventory(1);
});
afterAll(() => rm(unreachable, { recursive: true }));

describe('explain', () => {
  it.each([
    [['explain'], "missing required argument 'file'"],
    [['explain', 'inventory.ts'], "missing required argument 'host'"],
    [['explain', 'inventory.ts', 'rs3'], 'explain: the inventory has no host rs3\n    did you mean rs1?'],
    [['explain', 'other.ts', 'rs1'], 'no such inventory'],
  ])('%j is refused', async (args, message) => {
    const { status, stdout, stderr } = await lvsctl(unreachable, args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('says which host it can not ask, and why', async () => {
    const { status, stdout, stderr } = await lvsctl(unreachable, ['explain', 'inventory.ts', 'rs1']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('nothing listens there');
    expect(stdout).not.toContain('IPVS');
  });

  it('tells it as events with --json', async () => {
    const { status, stdout } = await lvsctl(unreachable, ['explain', 'inventory.ts', 'rs1', '--json']);
    expect(status).toBe(1);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(events[0]).toMatchObject({ type: 'run.start', command: 'explain', hosts: ['rs1'] });
    expect(events.filter(({ type }) => type === 'failure')).toMatchObject([
      { host: 'rs1', hint: expect.any(String) },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'run.end', exitStatus: 1, failed: 1 });
  });
});
