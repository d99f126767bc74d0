import { CommanderError } from 'commander';
import { UsageError } from '../errors.js';
import { complain } from './complain.js';
import { type Context, EXIT } from './context.js';
import { createProgram, VersionPrinted } from './program.js';

/** Runs one command line (without `node lvsctl`) to its end. Returns the exit status, never throws. */
export async function runCli(args: readonly string[], context: Context): Promise<number> {
  const json = args.includes('--json');
  const status = await run(args, context, json);
  // Does something where an error has broken the run off. Loaded here, since the start of the program needs none of it.
  if (json) (await import('../report/open-run.js')).endOpenRun(context.stdout, status);
  return status;
}

async function run(args: readonly string[], context: Context, json: boolean): Promise<number> {
  const color = !args.includes('--no-color');
  let status: number = EXIT.converged;
  try {
    const program = createProgram(context, json, (ended) => {
      status = ended;
    });
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof VersionPrinted) return EXIT.converged;
    if (!(error instanceof CommanderError)) return complain(context, error, { json, color });
    if (error.exitCode === 0) return EXIT.converged;
    if (json) complain(context, new UsageError(error.message.replace(/^error: /, '')), { json });
    return EXIT.usage;
  }
}
