import type { Command } from 'commander';
import { UsageError } from '../errors.js';
import type { DrainOptions } from './commands/drain.js';
import type { UndrainOptions } from './commands/undrain.js';
import type { WeightOptions } from './commands/weight.js';
import type { Context } from './context.js';
import { seconds } from './duration.js';
import { list } from './option-values.js';

/** What `createProgram` has for its commands. */
export interface Tools {
  readonly context: Context;
  readonly run: (action: () => Promise<number>) => Promise<void>;
  /** Gives a command the options of its output. */
  readonly output: (command: Command) => Command;
}

/** `drain`, `undrain` and `weight`. The inventory may stand before the host, as it does in `explain`, and may be left out. */
export function addOperations(program: Command, { context, run, output }: Tools): void {
  const common = (command: Command, words: string) =>
    output(
      command
        .usage(`[options] [file] ${words}`)
        .argument('<words...>', `inventory (inventory.ts in this folder unless given), then ${words}`)
        .option('--lab', 'speak to the virtual twin instead of the real hosts (see lvsctl lab)'),
    );
  const services = (command: Command) =>
    command.option('--service <name,...>', 'only these services; all that the host is in unless given', list);
  const author = (command: Command) =>
    command
      .option('--reason <text>', 'kept in the record, and shown by plan and status')
      .option('--force', 'even where a service is left with fewer real servers than it must keep');

  author(
    services(
      common(
        program
          .command('drain')
          .description(
            'give a real server no new connections, live and until undrain; connections that it has go on',
          ),
        '<host>',
      ),
    ),
  )
    .option('--wait <time>', 'until its connections have ended, at most so long: 90s, 5m', seconds)
    .action((words: string[], options: DrainOptions) => {
      const [file, host] = fileAnd(words, ['HOST']);
      return run(async () => (await import('./commands/drain.js')).drain(context, file, host ?? '', options));
    });

  services(
    common(
      program.command('undrain').description('give a real server the inventory’s weights back'),
      '<host>',
    ),
  ).action((words: string[], options: UndrainOptions) => {
    const [file, host] = fileAnd(words, ['HOST']);
    return run(async () =>
      (await import('./commands/undrain.js')).undrain(context, file, host ?? '', options),
    );
  });

  author(
    common(
      program
        .command('weight')
        .description(
          'set a real server’s weight in one service, live and until undrain; the inventory’s own ends that',
        ),
      '<host> <service> <weight>',
    ),
  )
    .option('--over <time>', 'in steps, over so long: 60s, 5m', seconds)
    .action((words: string[], options: WeightOptions) => {
      const [file, host = '', service = '', text = ''] = fileAnd(words, ['HOST', 'SERVICE', 'WEIGHT']);
      const weight = weightOf(text);
      return run(async () =>
        (await import('./commands/weight.js')).weight(context, file, { host, service, weight }, options),
      );
    });
}

/** The words of a command, behind the inventory or undefined. */
function fileAnd(words: readonly string[], names: readonly string[]): (string | undefined)[] {
  if (words.length === names.length) return [undefined, ...words];
  if (words.length === names.length + 1) return [...words];
  throw new UsageError(`${words.length} words were given: ${words.join(' ')}`, {
    hint: `give [FILE] ${names.join(' ')}`,
  });
}

function weightOf(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw new UsageError(`${text} is no weight`, {
    hint: 'give a whole number from 0 (drained) to 2147483647',
  });
}
