import type { StoredFile } from '../engine/store.js';
import { LvsctlError } from '../errors.js';
import { fingerprintOf } from './fingerprint.js';

/** A file of this machine that is an artifact under a name of its own, or in place of the catalogue's. It is never fetched. */
export interface LocalFile {
  /** Absolute. */
  readonly file: string;
  /** Lower case hex. */
  readonly sha256: string;
  /** Who says so: `kernelProfiles.mine of inventory.ts`. */
  readonly saidBy: string;
}

/** @throws LvsctlError when it is not there, or not what it is said to be */
export async function takeLocal(
  name: string,
  { file, sha256, saidBy }: LocalFile,
  signal?: AbortSignal,
): Promise<StoredFile> {
  const resource = `artifact ${name}`;
  const found = await fingerprintOf(file, signal).catch((cause: Error) => {
    signal?.throwIfAborted();
    throw new LvsctlError(`${file}, which ${saidBy} names, can't be read: ${cause.message}`, {
      resource,
      hint: 'put the file there, or correct the path',
      cause,
    });
  });
  if (found.sha256 !== sha256)
    throw new LvsctlError(`${file} has sha256 ${found.sha256}; ${saidBy} says ${sha256}`, {
      resource,
      hint: 'take the right file; where this one is right, write down its digest',
    });
  return { name, path: file, ...found };
}
