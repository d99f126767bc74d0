import type { ParamsSchema } from '../src/engine/params.js';

export type NoParams = Readonly<Record<string, never>>;

/** Parameters of a role that has none: nothing, or an empty object. */
export const noParams: ParamsSchema<NoParams> = {
  safeParse(value) {
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if ((value === undefined || typeof value === 'object') && keys.length === 0)
      return { success: true, data: {} };
    return {
      success: false,
      error: { issues: [{ path: keys.slice(0, 1), message: 'this role has no parameters' }] },
    };
  },
};
