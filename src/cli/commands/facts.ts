import type { Context } from '../context.js';
import { type RunOptions, runOnCluster } from '../run.js';

export const facts = (context: Context, file: string | undefined, options: RunOptions): Promise<number> =>
  runOnCluster('facts', context, file, options);
