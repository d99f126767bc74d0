import { fileURLToPath } from 'node:url';
import { expect, expectTypeOf, test } from 'vitest';
import { defineInventory } from '../../../src/index.js';
import type { Inventory } from '../../../src/inventory/index.js';
import type { InventoryInput } from '../../../src/inventory/schema.js';
import { inventoryJsonSchema } from '../../../src/inventory/schema.js';
import { renderTypes } from './render-types.js';

const TYPES = fileURLToPath(new URL('../../../src/inventory/types.ts', import.meta.url));

test('the documented types are those of the schema, field by field', async () => {
  const schema = inventoryJsonSchema() as unknown as Parameters<typeof renderTypes>[0];
  await expect(renderTypes(schema)).toMatchFileSnapshot(TYPES);
  expectTypeOf<Inventory>().toEqualTypeOf<InventoryInput>();
});

test('an editor refuses what the schema refuses', () => {
  const smallest: Inventory = { hosts: { d: { address: '10.0.0.1' } }, services: {} };
  expect(defineInventory(smallest)).toBe(smallest);
  defineInventory({
    hosts: {
      // @ts-expect-error a misspelt key
      d: { adress: '10.0.0.1' },
    },
    services: {
      web: {
        vip: '10.0.0.9',
        port: 80,
        // @ts-expect-error an unknown scheduler
        scheduler: 'wrrr',
        directors: ['d'],
        // @ts-expect-error a real server without its host
        realServers: [{ weight: 1 }],
      },
    },
  });
  // @ts-expect-error no services
  defineInventory({ hosts: {} });
});

test('the JSON schema speaks of what a user writes', () => {
  expect(inventoryJsonSchema()).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $ref: '#/$defs/Inventory',
    $defs: {
      Inventory: {
        additionalProperties: false,
        required: ['hosts', 'services'],
        properties: { services: { additionalProperties: { $ref: '#/$defs/ServiceOptions' } } },
      },
      ServiceOptions: {
        required: ['vip', 'directors', 'realServers'],
        properties: { port: { type: 'integer', minimum: 0, maximum: 65535 }, realServers: { minItems: 1 } },
      },
      // A field with a default may be left out.
      ContentParams: { required: ['source', 'paths'] },
    },
  });
});
