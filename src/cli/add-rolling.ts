import type { Command } from 'commander';
import type { Tools } from './add-operations.js';
import type { RollingOptions } from './commands/rolling.js';
import { seconds } from './duration.js';
import { list, share } from './option-values.js';

/** `rolling`. */
export function addRolling(program: Command, { context, run, output }: Tools): void {
  output(
    program
      .command('rolling')
      .argument('[file]', 'inventory; inventory.ts in this folder unless given')
      .description(
        'take real servers out of service one by one, do something to each, check it, and give it back; directors are left alone',
      )
      .option('--reboot', 'reboot it')
      .option('--command <command>', 'run this as root, by sh; its exit status counts')
      .option('--roles <role,...>', 'bring these roles about: arp, ftp, realserver', list)
      .option('--wait <duration>', 'how long its connections may take to end: 90, 90s, 5m, 1h', seconds, 300)
      .option('--cut', 'cut the connections that are left then, instead of giving it back and stopping')
      .option('--within <duration>', 'how long a reboot may take; 10m, or what the inventory says', seconds)
      .option('--batch <number>', 'how many at once, or a share of all: 25%', share(1), 1)
      .option(
        '--max-failures <number>',
        'how many may fail before the rest is left alone, or a share',
        share(0),
        0,
      )
      .option('--anew', 'begin again instead of going on with an interrupted run')
      .option('--plan', 'show what would be done')
      .option('--limit <host,...>', 'only these hosts or groups', list)
      .option('--lab', 'speak to the virtual twin instead of the real hosts (see lvsctl lab)'),
  ).action((file: string | undefined, options: RollingOptions) =>
    run(async () => (await import('./commands/rolling.js')).rolling(context, file, options)),
  );
}
