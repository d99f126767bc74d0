import type { Context } from '../context.js';
import { type RunOptions, runOnCluster } from '../run.js';

export const verify = (context: Context, file: string | undefined, options: RunOptions): Promise<number> =>
  runOnCluster('verify', context, file, options);
