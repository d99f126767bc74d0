import type { Cluster } from './cluster.js';
import { clusterOf, reporter } from './cluster-of.js';
import { type Draft, draftOf } from './draft.js';
import type { Problem } from './problem.js';
import { inventorySchema } from './schema.js';
import { reportShape } from './shape.js';
import { type Surroundings, thisMachine } from './surroundings.js';

/**
 * Checks what an inventory file exports and fills in every default.
 * @param file path of the inventory, for messages and the cluster's default name
 * @throws InventoryError with all problems
 */
export function parseInventory(
  value: unknown,
  file: string,
  surroundings: Surroundings = thisMachine(),
): Cluster {
  const { draft, problems } = checkShape(value);
  return clusterOf(draft, file, surroundings, problems);
}

/** Holds a value against the schema: what of it has the right shape, and what has not. Depends on the value alone. */
export function checkShape(value: unknown): { readonly draft: Draft; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const parsed = inventorySchema.safeParse(value);
  if (!parsed.success) reportShape(parsed.error.issues, value, reporter(problems));
  return { draft: draftOf(value), problems };
}
