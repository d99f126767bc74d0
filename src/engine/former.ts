import type { EventSink, FailureDetails } from './events.js';
import { ProgressTeller } from './progress.js';
import type { FormerJob, HostSession } from './session.js';

/**
 * Follows a former run's job to its end, before anybody looks at the host. What its steps have made for the store is left to the
 * plan that follows.
 * @returns the number of changes that it made
 */
export async function followFormer(
  session: HostSession,
  former: FormerJob,
  sink: EventSink,
): Promise<number> {
  const host = session.name;
  sink({ type: 'host.step', host, step: 'attach' });
  let steps: readonly { id: string; summary: string }[] = [];
  let done = 0;
  let failure: FailureDetails | undefined;
  const progress = new ProgressTeller(host, sink);
  const outcome = await session.attach(former, {
    onManifest(manifest) {
      steps = manifest.steps;
      const verb = former.state === 'running' ? 're-attached to the job' : 'found the job';
      sink({
        type: 'remark',
        host,
        text: `${verb} that ${manifest.owner} began at ${manifest.begun} (${steps.length} changes)`,
      });
    },
    onLive: (live) => progress.live(live),
    onBegin(step) {
      const { id = '?', summary = '?' } = steps[step] ?? {};
      progress.begin(id);
      sink({ type: 'change.start', host, resource: id, summary, index: step, total: steps.length });
    },
    onLine(line) {
      progress.line(line);
      sink({ type: 'host.output', host, line });
    },
    onEnd(step, status, stderr) {
      const { id = '?', summary = '?' } = steps[step] ?? {};
      progress.end();
      sink({ type: 'change.end', host, resource: id, status, seconds: 0 });
      if (status === 0) done += 1;
      else failure = { host, resource: id, message: `${summary}: exit status ${status}`, status, stderr };
    },
  });
  // What it left undone is found by the probes that follow; only the word about it is owed here.
  if (outcome.kind === 'died')
    sink({
      type: 'remark',
      host,
      text: `that job was killed or cut off by a reboot${outcome.during ? ` during ${outcome.during}` : ''}; going on from what is found`,
    });
  else if (failure)
    sink({
      type: 'remark',
      host,
      text: `that job had failed at ${failure.resource}: ${failure.message}; trying again`,
    });
  else sink({ type: 'remark', host, text: `that job has finished: ${done} of ${steps.length} changes done` });
  return done;
}
