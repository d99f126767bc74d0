import { Readable } from 'node:stream';
import { LvsctlError } from '../errors.js';
import type { JobFile } from '../ssh/jobs.js';
import type { EventSink, FailureDetails } from './events.js';
import { ProgressTeller, told } from './progress.js';
import type { ChangeFile } from './resource.js';
import type { HostSession } from './session.js';
import type { Store } from './store.js';
import { about, type OwnedChange } from './work.js';

/** What became of a host's changes. */
export interface Applied {
  readonly changed: number;
  /** Something went from the host into the store. */
  readonly collected: boolean;
  readonly failure?: FailureDetails;
}

/**
 * Makes the changes as one job, in order, up to the first that fails; what those that succeeded have made for the store is fetched.
 * @param onChanged called for each that succeeded, at once
 */
export async function apply(
  session: HostSession,
  changes: readonly OwnedChange[],
  { sink, store, onChanged }: { sink: EventSink; store: Store | undefined; onChanged: () => void },
): Promise<Applied> {
  const host = session.name;
  const progress = new ProgressTeller(host, sink);
  const succeeded: OwnedChange[] = [];
  let begun = Date.now();
  let failure: FailureDetails | undefined;
  const outcome = await session.job(
    changes.map(({ resource, change }) => ({
      id: resource.id,
      summary: change.summary,
      script: change.apply,
      ...(change.files && { files: filesOf(change.files, { host, resource: resource.id }, store, sink) }),
    })),
    {
      onLive: (live) => progress.live(live),
      onBegin(step) {
        const owned = changes[step];
        if (!owned) return;
        const { resource, change } = owned;
        begun = Date.now();
        progress.begin(resource.id);
        sink({
          type: 'change.start',
          host,
          resource: resource.id,
          summary: change.summary,
          index: step,
          total: changes.length,
        });
      },
      onLine(line) {
        progress.line(line);
        sink({ type: 'host.output', host, line });
      },
      onEnd(step, status, stderr) {
        const owned = changes[step];
        if (!owned) return;
        const { resource, change } = owned;
        progress.end();
        sink({
          type: 'change.end',
          host,
          resource: resource.id,
          status,
          seconds: (Date.now() - begun) / 1000,
        });
        if (status === 0) {
          succeeded.push(owned);
          onChanged();
        } else
          failure = {
            host,
            resource: resource.id,
            message: `${change.summary}: exit status ${status}`,
            command: change.apply.text,
            status,
            stderr,
          };
      },
    },
  );
  if (outcome.kind === 'died') {
    failure = {
      host,
      resource: outcome.during ?? 'apply',
      message: howItDied(outcome.left),
      hint: 'run lvsctl again: it probes first and goes on from what it finds',
    };
  }
  const collected = await collect(session, succeeded, store, sink);
  return { changed: succeeded.length, collected, ...(failure && { failure }) };
}

/** Roles may be written without Node's types, so bytes come as arrays. */
function filesOf(
  files: Readonly<Record<string, ChangeFile>>,
  step: { readonly host: string; readonly resource: string },
  store: Store | undefined,
  sink: EventSink,
): Record<string, JobFile> {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]): [string, JobFile] => {
      if (content instanceof Uint8Array) {
        const { buffer, byteOffset, byteLength } = content;
        return [name, Buffer.from(buffer, byteOffset, byteLength)];
      }
      const file = store?.files.get(content.stored);
      if (!store || !file)
        throw new LvsctlError(`${content.stored} is not on this machine`, {
          ...step,
          hint: 'it is made by an earlier stage: run without --limit and --roles, so that the stage has its host',
        });
      const open = () =>
        Readable.from(told(store.read(file), file.size, { ...step, unit: 'sent' }, sink), {
          objectMode: false,
        });
      return [name, open];
    }),
  );
}

/** Fetches what the host has made. When that ends half-way the next run fetches it: its plan asks for what is not stored. */
async function collect(
  session: HostSession,
  changes: readonly OwnedChange[],
  store: Store | undefined,
  sink: EventSink,
): Promise<boolean> {
  const host = session.name;
  let collected = false;
  for (const { resource, change } of changes) {
    for (const [name, path] of Object.entries(change.collect ?? {})) {
      if (!store) throw new Error(`${resource.id} collects ${name}, and there is no store`);
      const where = { host, resource: resource.id };
      try {
        await session.fetch(path, ({ size, content }) =>
          store.keep(name, told(content, size, { ...where, unit: 'fetched' }, sink)),
        );
      } catch (error) {
        throw about(error, where);
      }
      collected = true;
    }
  }
  return collected;
}

function howItDied(left: string | undefined): string {
  const ended =
    left === undefined
      ? 'the job on the host ended without a word: it was killed, or the host went down'
      : `the job on the host left no exit status, but ${left === '' ? 'an empty file' : JSON.stringify(left.slice(0, 40))}: its file system may have lost writes`;
  return `${ended}; this step is in doubt`;
}
