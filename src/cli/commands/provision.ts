import type { Context } from '../context.js';
import { type RunOptions, runOnCluster } from '../run.js';

export const provision = (context: Context, file: string | undefined, options: RunOptions): Promise<number> =>
  runOnCluster('provision', context, file, options);
