import { dirname, join, resolve } from 'node:path';
import type { ArtifactOptions, ArtifactState, Imported } from '../../artifacts/index.js';
import type { RunEvent } from '../../engine/index.js';
import { UsageError } from '../../errors.js';
import {
  createPaint,
  createReporter,
  type Paint,
  pad,
  plainLine,
  type Reporter,
} from '../../report/index.js';
import { artifactSettings } from '../artifact-settings.js';
import { type Context, EXIT, type OutputOptions, outputMode, wantsColor } from '../context.js';
import { watchInterrupts } from '../interrupt.js';
import { DEFAULT_FILE, inventoryFile } from '../inventory-file.js';

export interface ArtifactsOptions extends OutputOptions {
  readonly inventory?: string;
  readonly all?: boolean;
  readonly mirror?: readonly string[];
  readonly trustFirstUse?: readonly string[];
}

/** What the catalogue has, and what of it is here; the names in the cache are believed. */
export const list = (
  context: Context,
  names: readonly string[],
  options: ArtifactsOptions,
): Promise<number> =>
  withArtifacts(context, options, async (artifacts, settings, { reporter }) => {
    const chosen = choose(names, artifacts, settings);
    const states = await artifacts.surveyArtifacts(chosen, settings, false);
    return show(context, options, reporter, settings, states);
  });

/** Computes the digests again. Exit status 1 for what is wrong, and for what was named and is not here. */
export const verify = (
  context: Context,
  names: readonly string[],
  options: ArtifactsOptions,
): Promise<number> =>
  withArtifacts(context, options, async (artifacts, settings, { reporter }) => {
    const chosen = choose(names, artifacts, settings);
    const states = await artifacts.surveyArtifacts(chosen, settings, true);
    for (const name of await artifacts.strayPins(settings))
      reporter.sink({
        type: 'remark',
        text: `${settings.lockFile} pins ${name}, which the catalogue does not have`,
      });
    const told =
      names.length > 0 ? states : states.filter(({ state }) => state === 'cached' || state === 'wrong');
    show(context, options, reporter, settings, told);
    return told.every(({ state }) => state === 'cached') ? EXIT.converged : EXIT.failed;
  });

/** Fetches what was named, and what is to be trusted. */
export const fetch = (
  context: Context,
  names: readonly string[],
  options: ArtifactsOptions,
): Promise<number> =>
  withArtifacts(context, options, async (artifacts, settings, { reporter }) => {
    const wanted = options.all
      ? settings.catalogue.map(({ name }) => name)
      : [...names, ...(options.trustFirstUse ?? [])];
    if (wanted.length === 0) {
      throw new UsageError('nothing is named to be fetched', {
        hint: 'name artifacts, as `lvsctl artifacts list` shows them, or all of them with --all',
      });
    }
    const paths = await artifacts.ensureArtifacts(wanted, settings);
    const chosen = artifacts.artifactsNamed([...paths.keys()], settings.catalogue);
    return show(
      context,
      options,
      reporter,
      settings,
      await artifacts.surveyArtifacts(chosen, settings, false),
    );
  });

/** Takes the files of a folder. Exit status 1 when one has an artifact's name and is not the right file. */
export const importFolder = (context: Context, folder: string, options: ArtifactsOptions): Promise<number> =>
  withArtifacts(context, options, async (artifacts, settings, { reporter }) => {
    const results = await artifacts.importArtifacts(resolve(context.cwd, folder), settings);
    if (options.json) for (const result of results) reporter.sink(importEvent(result));
    else {
      reporter.close();
      const lines = importText(results, createPaint(wantsColor(context, options)));
      context.stdout.write(`${lines.join('\n')}\n`);
    }
    return results.some(({ outcome }) => outcome === 'refused') ? EXIT.failed : EXIT.converged;
  });

type Artifacts = typeof import('../../artifacts/index.js');

const choose = (names: readonly string[], artifacts: Artifacts, { catalogue }: ArtifactOptions) =>
  artifacts.artifactsNamed(names.length > 0 ? names : catalogue.map(({ name }) => name), catalogue);

/** Does the work with live progress, and ends it at Ctrl-C. */
async function withArtifacts(
  context: Context,
  options: ArtifactsOptions,
  work: (artifacts: Artifacts, settings: ArtifactOptions, run: { reporter: Reporter }) => Promise<number>,
): Promise<number> {
  const lockFolder = dirname(
    options.inventory === undefined
      ? join(context.cwd, DEFAULT_FILE)
      : inventoryFile(context, options.inventory),
  );
  const artifacts = await import('../../artifacts/index.js');
  const reporter = await createReporter({
    mode: outputMode(context, options),
    stream: context.stdout,
    color: wantsColor(context, options),
    verbose: options.verbose ?? false,
  });
  const interruption = watchInterrupts(context, { first: () => undefined, again: () => reporter.close() });
  try {
    const settings = await artifactSettings(context, options, {
      lockFolder,
      reporter,
      signal: interruption.signal,
    });
    return await work(artifacts, settings, { reporter });
  } catch (error) {
    if (interruption.status === undefined) throw error;
    if (!options.json) context.stderr.write('interrupted; what has come is kept, and continued next time\n');
    return interruption.status;
  } finally {
    reporter.close();
    interruption.done();
  }
}

function show(
  context: Context,
  options: OutputOptions,
  reporter: Reporter,
  { lockFile }: ArtifactOptions,
  states: readonly ArtifactState[],
): number {
  if (options.json) for (const state of states) reporter.sink(stateEvent(state));
  else {
    reporter.close();
    const paint = createPaint(wantsColor(context, options));
    context.stdout.write(`${stateText(states, lockFile, paint, options.verbose ?? false).join('\n')}\n`);
  }
  return EXIT.converged;
}

function stateEvent({ artifact, state, knownBy, path, reason }: ArtifactState): RunEvent {
  return {
    type: 'artifact',
    state,
    artifact: artifact.name,
    file: artifact.file,
    ...(knownBy !== undefined && { knownBy }),
    ...(path !== undefined && { path }),
    ...(reason !== undefined && { reason }),
  };
}

function stateText(
  states: readonly ArtifactState[],
  lockFile: string,
  paint: Paint,
  verbose: boolean,
): string[] {
  if (states.length === 0) return [paint.quiet('nothing is cached')];
  const name = Math.max(...states.map(({ artifact }) => artifact.name.length));
  const lines = states.flatMap((one) => {
    const { artifact, knownBy, pin, state, came, path, reason } = one;
    const color = { cached: paint.good, partial: paint.change, absent: paint.quiet, wrong: paint.bad }[state];
    const size = amount(pin?.size ?? artifact.size);
    const word = state === 'partial' ? `partial, ${amount(came)}` : state;
    const line = `${pad(artifact.name, name)}  ${size.padStart(9)}  ${pad(knownBy ?? 'unknown', 7)}  ${color(word)}`;
    const more = [reason, verbose ? path : undefined].filter((text) => text !== undefined);
    return [line, ...more.map((text) => `  ${paint.quiet(plainLine(text))}`)];
  });
  const pinned = states.some(({ pin }) => pin !== undefined);
  return pinned ? [...lines, paint.quiet(`pins: ${lockFile}`)] : lines;
}

function amount(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function importEvent(result: Imported): RunEvent {
  const { file, outcome: state } = result;
  return {
    type: 'artifact',
    state,
    file,
    ...(result.outcome !== 'unknown' && { artifact: result.artifact }),
    ...(result.outcome === 'refused' && { reason: result.reason }),
  };
}

const OUTCOME: Readonly<Record<Imported['outcome'], string>> = {
  taken: 'taken',
  known: 'here already',
  refused: 'refused',
  unknown: 'not in the catalogue',
};

function importText(results: readonly Imported[], paint: Paint): string[] {
  if (results.length === 0) return [paint.quiet('there is no file in the folder')];
  const column = Math.max(...results.map(({ file }) => file.length));
  return results.flatMap((result) => {
    const { file, outcome } = result;
    const color = { taken: paint.good, known: paint.quiet, refused: paint.bad, unknown: paint.change }[
      outcome
    ];
    const head = `${pad(plainLine(file), column)}  ${color(OUTCOME[outcome])}`;
    if (result.outcome !== 'refused') {
      return [result.outcome === 'unknown' ? head : `${head} ${paint.quiet(`as ${result.artifact}`)}`];
    }
    const more = [result.reason, ...(result.hint === undefined ? [] : [`→ ${result.hint}`])];
    return [head, ...more.map((text) => `  ${plainLine(text)}`)];
  });
}
