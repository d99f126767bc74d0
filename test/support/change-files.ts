import type { ChangeFile } from '../../src/engine/index.js';

/** The bytes of a change's file, for tests that have no store. */
export function bytesOf(content: ChangeFile): Uint8Array {
  if (content instanceof Uint8Array) return content;
  throw new Error(`the test has no store for ${content.stored}`);
}
