import { join } from 'node:path';
import type { ArtifactOptions, FirstUse } from '../artifacts/index.js';
import { UsageError } from '../errors.js';
import { plainLine, type Reporter } from '../report/index.js';
import { askYes, canAsk } from './ask.js';
import type { Context } from './context.js';

/** What `artifacts fetch` and `provision` take. */
export interface ArtifactFlags {
  readonly json?: boolean;
  readonly mirror?: readonly string[];
  readonly trustFirstUse?: readonly string[];
}

/**
 * How artifacts are had in this run: the catalogue, the pins, and the operator's word, asked for where somebody is there to answer.
 * @param lockFolder that of the inventory
 * @throws UsageError for a mirror that is no URL, and for a name that is not in the catalogue
 */
export async function artifactSettings(
  context: Context,
  { json, mirror, trustFirstUse = [] }: ArtifactFlags,
  run: { readonly lockFolder: string; readonly reporter: Reporter; readonly signal: AbortSignal },
): Promise<ArtifactOptions> {
  checkMirrors(mirror);
  const { artifactsNamed, LOCK_FILE } = await import('../artifacts/index.js');
  const { ARTIFACTS: catalogue } = await import('../kernel/index.js');
  artifactsNamed(trustFirstUse, catalogue);
  const { lockFolder, reporter, signal } = run;
  return {
    catalogue,
    lockFile: join(lockFolder, LOCK_FILE),
    trustFirstUse,
    env: context.env,
    sink: reporter.sink,
    signal,
    ...(mirror && { mirrors: mirror }),
    ...(!json && canAsk(context) && { confirm: (found) => reporter.quietly(() => ask(context, found)) }),
  };
}

/** @throws UsageError for one that is no URL of the web */
export function checkMirrors(mirrors: readonly string[] = []): void {
  for (const mirror of mirrors) {
    if (!/^https?:\/\/./.test(mirror) || !URL.canParse(mirror))
      throw new UsageError(`--mirror: ${mirror} is no http or https URL`, {
        hint: 'name the folder that has the files, as in https://mirror.example.com/lvs/',
      });
  }
}

/** Shows what came, then asks for the word. */
function ask(context: Context, { artifact, size, sha256, from }: FirstUse): Promise<boolean> {
  const lines = [
    `No digest of ${artifact.file} is known, so nothing proves that this is the right file:`,
    `  from    ${plainLine(from)}`,
    `  size    ${size} bytes`,
    `  sha256  ${sha256}`,
    '',
  ];
  context.stderr.write(lines.join('\n'));
  return askYes('It looks right inside. Trust it, and pin it for review?');
}
