import { basename, join } from 'node:path';
import { LvsctlError, UsageError } from '../errors.js';
import type { Artifact, Digest } from './artifact.js';
import { withClaim } from './claim.js';
import { type Fingerprint, isAccepted, mismatch } from './digests.js';
import { type ArtifactOptions, cacheOf, type FirstUse } from './options.js';
import { type Pin, readPins, writePins } from './pins.js';
import { structureOf } from './structure.js';

/** Nothing is known to compare the file with. */
export const isFirstUse = (artifact: Artifact, pin: Pin | undefined): boolean =>
  artifact.digests.length === 0 && pin === undefined;

/** Digests by which the file may lie in the cache. */
export const expectedDigests = (artifact: Artifact, pin: Pin | undefined): readonly Digest[] =>
  pin === undefined ? artifact.digests : [{ algorithm: 'sha256', hex: pin.sha256 }];

/** Why a file is not the artifact: both the catalogue and the pin must agree, where there are such. */
export function refusalOf(
  artifact: Artifact,
  pin: Pin | undefined,
  found: Fingerprint,
  { lockFile }: Pick<ArtifactOptions, 'lockFile'>,
): string | undefined {
  if (pin !== undefined && found.digests.sha256 !== pin.sha256)
    return mismatch([{ algorithm: 'sha256', hex: pin.sha256 }], found, `${basename(lockFile)} pins`);
  if (artifact.digests.length > 0 && !isAccepted(artifact.digests, found))
    return mismatch(artifact.digests, found, 'the catalogue has');
  if (artifact.size !== undefined && found.size !== artifact.size)
    return `has ${found.size} bytes; the catalogue has ${artifact.size}`;
  return undefined;
}

/** @throws UsageError when files would have to be trusted for which nobody has given the word */
export function demandWord(
  artifacts: readonly Artifact[],
  { trustFirstUse = [], confirm, lockFile }: ArtifactOptions,
  command = (flags: string) => `\`lvsctl artifacts fetch ${flags}\``,
): void {
  const unchecked = artifacts.filter((artifact) => structureOf(artifact) === undefined);
  if (unchecked.length > 0) {
    throw new LvsctlError(`nothing is known of ${namesOf(unchecked)}: no digest, and not what is in it`, {
      hint: 'such a file is never used; add its digest to the catalogue',
    });
  }
  if (confirm !== undefined) return;
  const unsaid = artifacts.filter(({ name }) => !trustFirstUse.includes(name));
  if (unsaid.length === 0) return;
  const flags = unsaid.map(({ name }) => `--trust-first-use ${name}`).join(' ');
  throw new UsageError(
    `no digest of ${namesOf(unsaid)} is known, so nothing tells whether the right file comes`,
    {
      hint: `${command(flags)} takes the first file that looks right inside, and pins it in ${basename(lockFile)} for review`,
    },
  );
}

const namesOf = (artifacts: readonly Artifact[]) => artifacts.map(({ name }) => name).join(', ');

/** @throws LvsctlError when the operator says no */
export async function askWord(found: FirstUse, options: ArtifactOptions): Promise<void> {
  const { artifact, sha256, from } = found;
  if (options.trustFirstUse?.includes(artifact.name)) return;
  if (await options.confirm?.(found)) return;
  throw new LvsctlError(`${artifact.file} of ${from} is not trusted, and not kept`, {
    resource: `artifact ${artifact.name}`,
    hint: `its sha256 is ${sha256}: compare it with a source you trust`,
  });
}

/** Writes the pin. Pins that others write meanwhile stay. */
export async function pinFirstUse(found: FirstUse, options: ArtifactOptions): Promise<void> {
  const { artifact, size, sha256, from } = found;
  const date = (options.now?.() ?? new Date()).toISOString().slice(0, 10);
  const claim = join(cacheOf(options).unfinished, 'pins.claim');
  await withClaim(
    claim,
    async () => {
      const pins = new Map(await readPins(options.lockFile));
      pins.set(artifact.name, { file: artifact.file, size, sha256, from, date });
      await writePins(options.lockFile, pins);
    },
    { ...(options.signal && { signal: options.signal }) },
  );
}
