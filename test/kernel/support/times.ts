import type { RunEvent } from '../../../src/engine/index.js';

/** Stages of a run that took a second or more, and in them the changes that did: for the test's output, judged by nobody. */
export function timesOf(events: readonly RunEvent[]): string {
  const lines: string[] = [];
  let steps: string[] = [];
  for (const event of events) {
    if (event.type === 'change.end' && event.seconds >= 1)
      steps.push(`    ${seconds(event.seconds)}  ${event.host}: ${event.resource}`);
    if (event.type !== 'stage.end') continue;
    if (event.seconds >= 1) lines.push(`  ${seconds(event.seconds)}  stage ${event.stage}`, ...steps);
    steps = [];
  }
  return lines.join('\n');
}

const seconds = (value: number): string => `${value.toFixed(0)} s`.padStart(6);
