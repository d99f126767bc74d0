import { z } from 'zod';

/** Parameters of a role that has none: nothing, or an empty object. */
export const noParams = z.strictObject({}).prefault({});

export type NoParams = z.output<typeof noParams>;
