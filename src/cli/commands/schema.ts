import { type Context, EXIT } from '../context.js';

export async function schema(context: Context): Promise<number> {
  const { inventoryJsonSchema } = await import('../../inventory/index.js');
  context.stdout.write(`${JSON.stringify(await inventoryJsonSchema(), undefined, 2)}\n`);
  return EXIT.converged;
}
