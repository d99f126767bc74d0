import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunEvent } from '../../../src/engine/index.js';

/** The built program, as its user has it. */
export const program = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

export interface Outcome {
  readonly status: number | null;
  of<T extends RunEvent['type']>(type: T): EventOf<T>[];
  /** `HOST: RESOURCE` of every planned change, sorted. */
  readonly planned: readonly string[];
  /** Failures and remarks, for the message of an expectation that does not hold. */
  readonly story: string;
}

/** Runs one command of the program to its end, and keeps its events. */
export const lvsctl = (...args: readonly string[]): Promise<Outcome> => watched(args, () => {});

/** The same, with a look at each event as it comes, and at the process. */
export async function watched(
  args: readonly string[],
  onEvent: (event: RunEvent, child: ChildProcess) => void,
): Promise<Outcome> {
  const events: RunEvent[] = [];
  const child = spawn(process.execPath, [program, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as RunEvent;
    events.push(event);
    onEvent(event, child);
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const of = <T extends RunEvent['type']>(type: T) =>
    events.filter((event): event is EventOf<T> => event.type === type);
  return {
    status,
    of,
    planned: of('change.planned')
      .map(({ host, resource }) => `${host}: ${resource}`)
      .sort(),
    story: events
      .filter(({ type }) => type === 'failure' || type === 'remark' || type === 'verify.result')
      .map((event) => JSON.stringify(event))
      .join('\n'),
  };
}

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script on a host of the inventory's lab, by the host's own sh. */
export function onHost(inventory: string, host: string, script: string): Answer {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, 'lab', 'exec', inventory, host, '--', 'sh', '-c', script],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}
