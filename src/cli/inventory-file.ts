import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import type { Cluster } from '../inventory/cluster.js';
import type { Context } from './context.js';

export const DEFAULT_FILE = 'inventory.ts';

/**
 * The inventory that a command is about: the file named, or inventory.ts here.
 * @throws UsageError when there is none
 */
export function inventoryFile(context: Context, file: string | undefined): string {
  const path = resolve(context.cwd, file ?? DEFAULT_FILE);
  if (existsSync(path)) return path;
  if (file === undefined) {
    throw new UsageError(`no inventory: there is no ${DEFAULT_FILE} in ${context.cwd}`, {
      hint: 'name one, as in `lvsctl plan FILE`, or write one with `lvsctl init`',
    });
  }
  throw new UsageError(`no such inventory: ${path}`, { hint: `write one with \`lvsctl init ${file}\`` });
}

/** Loads and checks the inventory. @throws UsageError with path, value and way out */
export async function openInventory(context: Context, file: string | undefined): Promise<Cluster> {
  const path = inventoryFile(context, file);
  const { loadInventory } = await import('../inventory/index.js');
  return loadInventory(path);
}
