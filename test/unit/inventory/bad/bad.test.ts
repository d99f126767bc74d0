import { describe, expect, test } from 'vitest';
import { InventoryError } from '../../../../src/inventory/index.js';
import { parseInventory } from '../../../../src/inventory/parse.js';
import { changedInventory, goodInventory, machine } from '../inventories.js';
import { CASES } from './cases.js';

function complaint(value: unknown): InventoryError {
  try {
    parseInventory(value, '/inventories/inventory.ts', machine({ '/inventories/here.tar': '' }));
  } catch (error) {
    if (error instanceof InventoryError) return error;
    throw error;
  }
  throw new Error('the inventory was accepted');
}

test('the good inventory is good', () => {
  expect(parseInventory(goodInventory(), 'inventory.ts', machine()).name).toBe('tutorial');
});

describe('bad inventories', () => {
  test.each(CASES.map((each) => [each.title, each] as const))('%s', (_, { put, drop, says }) => {
    const [head, ...problems] = complaint(changedInventory(put, drop)).message.split('\n');
    expect(head).toMatch(/^\/inventories\/inventory\.ts has (a problem|\d+ problems)$/);
    expect(problems.map((line) => line.slice(2)).join('\n')).toBe(says);
  });

  test('are at least thirty, each with a message of its own', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(30);
    expect(new Set(CASES.map(({ says }) => says)).size).toBeGreaterThan(CASES.length * 0.75);
  });
});

describe('what is no inventory at all', () => {
  test.each([
    [undefined, '(the whole): is missing'],
    [null, '(the whole) = null: is not an object'],
    [[], '(the whole) = []: is not an object'],
    ['hosts', '(the whole) = "hosts": is not an object'],
    [() => goodInventory(), '(the whole) = "[function]": is not an object'],
  ])('%s', (value, says) => {
    expect(complaint(value).message).toBe(
      `/inventories/inventory.ts has a problem\n  ${says}\n    → write \`export default defineInventory({ … })\``,
    );
  });
});

test('one run shows the problems of shape and of sense together', () => {
  const error = complaint(
    changedInventory({
      'services.ftp.port': 70000,
      'services.web': {
        vip: '10.83.33.76',
        port: 80,
        directors: ['directr'],
        realServers: [{ host: 'rs1', weigth: 2 }, { host: 'rs2' }],
      },
      'services.dns': {
        vip: '10.83.33.76',
        port: 53,
        directors: ['directr'],
        realServers: [{ host: 'rs2' }],
      },
      'hosts.rs2.address': '10.83.33.50',
    }),
  );
  expect(error.problems.map(({ path }) => path)).toEqual([
    'services.ftp.port',
    'services.web.realServers[0].weigth',
    'hosts.client.address',
    'services.dns.vip',
    'services.dns.directors[0]',
  ]);
  expect(error.message).toMatch(/^\/inventories\/inventory\.ts has 5 problems\n/);
});

test('a password is neither in the message nor in the problems', () => {
  const error = complaint(
    changedInventory({
      'ssh.password': 'hunter2',
      'ssh.passwordEnv': 'hunter2 ',
      'hosts.rs1.shs': { sudoPassword: 'hunter2', nested: [{ passphrase: 'hunter2' }] },
    }),
  );
  expect(error.problems).toHaveLength(3);
  expect(error.message + JSON.stringify(error.problems)).not.toContain('hunter2');
});
