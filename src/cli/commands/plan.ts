import type { Context } from '../context.js';
import { type RunOptions, runOnCluster } from '../run.js';

export const plan = (context: Context, file: string | undefined, options: RunOptions): Promise<number> =>
  runOnCluster('plan', context, file, options);
