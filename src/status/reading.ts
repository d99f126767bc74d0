import type { DirectorStatus } from './model.js';

/** What one director said at one moment, or why it said nothing. */
export type Reading =
  | { readonly director: string; readonly status: DirectorStatus }
  | {
      readonly director: string;
      readonly failure: { readonly resource: string; readonly message: string; readonly hint?: string };
    };
