import { readFileSync } from 'node:fs';
import { Argument, Command, Option } from 'commander';
import { addOperations } from './add-operations.js';
import { addRolling } from './add-rolling.js';
import type { ArtifactsOptions } from './commands/artifacts.js';
import type { DiagnoseOptions } from './commands/diagnose.js';
import type { ExplainOptions } from './commands/explain.js';
import type { ExportOptions } from './commands/export.js';
import type { ImportOptions } from './commands/import.js';
import type { StatusOptions } from './commands/status.js';
import type { Context, HostOptions, OutputOptions } from './context.js';
import { list, watchSeconds, wholeNumber } from './option-values.js';
import type { RunOptions } from './run.js';

/** A command's own file is loaded when it runs: `--help` needs none of them. */
type Action = () => Promise<number>;

/**
 * All commands and options of lvsctl, without what they do.
 * `done` takes the exit status of the command that ran.
 */
export function createProgram(context: Context, json: boolean, done: (status: number) => void): Command {
  const program = new Command('lvsctl');
  program
    .description('Builds, proves and keeps Linux Virtual Server (LVS/IPVS) clusters, over SSH and /bin/sh.')
    .exitOverride()
    // Options of the command that `lab exec` runs are not ours.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => (json ? undefined : write(text.replace(/^error: /, '✗ '))),
      getOutHelpWidth: () => Math.min(100, context.stdout.columns ?? 100),
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError(json ? false : '  (lvsctl --help shows what there is)')
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      context.stdout.write(`${version()}\n`);
      throw new VersionPrinted();
    })
    .addHelpText('after', EXAMPLES);
  const run = async (action: Action) => done(await action());

  output(program.command('init').description('write a commented inventory, and say what to do next'))
    .argument('[file]', 'file to write', 'inventory.ts')
    .action((file: string, options: OutputOptions) =>
      run(async () => (await import('./commands/init.js')).init(context, file, options)),
    );

  addConversions(program, context, run);

  output(
    inventory(program.command('validate').description('check the inventory; nothing is contacted')),
  ).action((file: string | undefined, options: OutputOptions) =>
    run(async () => (await import('./commands/validate.js')).validate(context, file, options)),
  );

  program
    .command('schema')
    .description('print the JSON schema of inventories')
    .action(() => run(async () => (await import('./commands/schema.js')).schema(context)));

  hosts(inventory(program.command('facts').description('show what the hosts are'))).action(
    (file: string | undefined, options: HostOptions) =>
      run(async () => (await import('./commands/facts.js')).facts(context, file, options)),
  );

  output(
    program
      .command('explain')
      .description('say what a host’s kernel needs for IPVS and quiet ARP, why, and what else there is')
      .argument('<file>', 'inventory')
      .argument('<host>', 'host of the inventory')
      .option('--lab', 'speak to the virtual twin instead of the real host (see lvsctl lab)'),
  ).action((file: string, host: string, options: ExplainOptions) =>
    run(async () => (await import('./commands/explain.js')).explain(context, file, host, options)),
  );

  output(
    program
      .command('render')
      .description(
        'show the commands that make a host a real server where lvsctl does not log in; nothing is contacted',
      )
      .argument('<file>', 'inventory')
      .argument('<host>', 'host of the inventory'),
  ).action((file: string, host: string, options: OutputOptions) =>
    run(async () => (await import('./commands/render.js')).render(context, file, host, options)),
  );

  const plan = program.command('plan').description('show every change that provision would make');
  plan.option('--diff', 'show the differences').option('--exit-code', 'exit with 3 when changes are pending');
  hosts(inventory(plan)).action((file: string | undefined, options: RunOptions) =>
    run(async () => (await import('./commands/plan.js')).plan(context, file, options)),
  );

  const provision = program
    .command('provision')
    .description('make the hosts what the inventory says, and prove it');
  mirror(trustFirstUse(provision));
  hosts(inventory(provision)).action((file: string | undefined, options: RunOptions) =>
    run(async () => (await import('./commands/provision.js')).provision(context, file, options)),
  );

  const verify = program
    .command('verify')
    .description('connect to each service and compare the shares with the weights')
    .option(
      '-n, --connections <number>',
      'connections from each probe host to each service',
      wholeNumber(1),
      40,
    )
    .option('--service <name,...>', 'only these services', list);
  hosts(inventory(verify)).action((file: string | undefined, options: RunOptions) =>
    run(async () => (await import('./commands/verify.js')).verify(context, file, options)),
  );

  addStatus(program, context, run);
  addOperations(program, { context, run, output });
  addRolling(program, { context, run, output });
  addDiagnose(program, context, run);
  addArtifacts(program, context, run);
  addLab(program, context, run);
  return program;
}

function addConversions(program: Command, context: Context, run: (action: Action) => Promise<void>): void {
  output(
    program
      .command('import')
      .description(
        'write an inventory from `ipvsadm -Sn`, keepalived.conf or ldirectord.cf, and list each line that is not in it',
      )
      .argument('<file>', 'what was printed, or the configuration')
      .option('-o, --output <file>', 'inventory to write; - for stdout', 'inventory.ts')
      .option('--force', 'overwrite the inventory that is there')
      .option(
        '--director <name=address/prefix,...>',
        'the directors, which such files seldom name: lvs1=192.0.2.2/24',
        list,
      )
      .addOption(
        new Option('--from <format>', 'what the file is; found out unless given').choices([
          'ipvsadm',
          'keepalived',
          'ldirectord',
        ]),
      ),
  ).action((file: string, options: ImportOptions) =>
    run(async () => (await import('./commands/import.js')).importFile(context, file, options)),
  );
  output(
    inventory(
      program
        .command('export')
        .description(
          'print a director’s services for `ipvsadm -R` or as keepalived.conf; nothing is contacted',
        ),
    )
      .addOption(
        new Option('--format <format>', 'in whose words')
          .choices(['ipvsadm', 'keepalived'])
          .makeOptionMandatory(),
      )
      .option('--director <name>', 'which director, where the inventory has several'),
  ).action((file: string | undefined, options: ExportOptions) =>
    run(async () => (await import('./commands/export.js')).exportInventory(context, file, options)),
  );
}

function addStatus(program: Command, context: Context, run: (action: Action) => Promise<void>): void {
  output(
    inventory(
      program
        .command('status')
        .description('show the directors’ tables beside the inventory; changes nothing'),
    )
      .option('--lab', 'speak to the virtual twin instead of the real hosts (see lvsctl lab)')
      .option('--service <name,...>', 'only these services', list)
      .addOption(
        new Option('--watch [seconds]', 'read again and again, until Ctrl-C (default: 2)')
          .preset('2')
          .argParser(watchSeconds),
      )
      .option('--prometheus', 'print one reading in the text format of Prometheus, and nothing else'),
  ).action((file: string | undefined, options: StatusOptions) =>
    run(async () => (await import('./commands/status.js')).status(context, file, options)),
  );
}

function addDiagnose(program: Command, context: Context, run: (action: Action) => Promise<void>): void {
  output(
    inventory(
      program
        .command('diagnose')
        .description(
          'look for what is wrong on all hosts of a service, and say what mends it; changes nothing',
        ),
    )
      .argument('[service]', 'only this service')
      .option('--lab', 'speak to the virtual twin instead of the real hosts (see lvsctl lab)')
      .option('--service <name,...>', 'only these services', list),
  ).action((file: string | undefined, service: string | undefined, options: DiagnoseOptions) =>
    run(async () => (await import('./commands/diagnose.js')).diagnose(context, file, service, options)),
  );
}

function addArtifacts(program: Command, context: Context, run: (action: Action) => Promise<void>): void {
  const artifacts = program
    .command('artifacts')
    .description("upstream's files that a rebuild needs: kernels, patches, ipvsadm");
  const load = () => import('./commands/artifacts.js');
  const pins = (command: Command) =>
    output(command.option('--inventory <file>', 'the pins are in lvsctl.lock.json beside it'));
  const names = () => new Argument('[name...]', 'artifacts, as `list` names them');
  pins(artifacts.command('list').description('show what there is, and what of it is here'))
    .addArgument(names())
    .action((given: string[], options: ArtifactsOptions) =>
      run(async () => (await load()).list(context, given, options)),
    );
  const fetching = artifacts.command('fetch').description('fetch files into the cache, and check them');
  mirror(trustFirstUse(pins(fetching)))
    .addArgument(names())
    .option('--all', 'all that the catalogue has')
    .action((given: string[], options: ArtifactsOptions) =>
      run(async () => (await load()).fetch(context, given, options)),
    );
  pins(artifacts.command('verify').description('compute the digests of the cached files again'))
    .addArgument(names())
    .action((given: string[], options: ArtifactsOptions) =>
      run(async () => (await load()).verify(context, given, options)),
    );
  trustFirstUse(pins(artifacts.command('import').description('take the files of a folder into the cache')))
    .argument('<folder>', 'where they are')
    .action((folder: string, options: ArtifactsOptions) =>
      run(async () => (await load()).importFolder(context, folder, options)),
    );
}

function addLab(program: Command, context: Context, run: (action: Action) => Promise<void>): void {
  const lab = program
    .command('lab')
    .description('a virtual twin of the inventory on this machine')
    .enablePositionalOptions();
  const load = () => import('./commands/lab.js');
  output(
    inventory(lab.command('up').description('boot a virtual host for each host of the inventory')),
  ).action((file: string | undefined, options: OutputOptions) =>
    run(async () => (await load()).up(context, file, options)),
  );
  output(inventory(lab.command('down').description('end the lab and remove all that belongs to it'))).action(
    (file: string | undefined, options: OutputOptions) =>
      run(async () => (await load()).down(context, file, options)),
  );
  output(inventory(lab.command('status').description('show which hosts run'))).action(
    (file: string | undefined, options: OutputOptions) =>
      run(async () => (await load()).status(context, file, options)),
  );
  lab
    .command('exec')
    .description('run a command on a host of the lab')
    .argument('<file>', 'inventory')
    .argument('<host>', 'host of the inventory')
    .argument('[command...]', 'command and its arguments; a shell unless given')
    .passThroughOptions()
    .action((file: string, host: string, command: string[]) =>
      run(async () => (await load()).exec(context, file, host, command)),
    );
  output(lab.command('reboot').description('reboot hosts of the lab; all unless some are named'))
    .argument('<file>', 'inventory')
    .argument('[host...]', 'hosts of the inventory')
    .action((file: string, names: string[], options: OutputOptions) =>
      run(async () => (await load()).reboot(context, file, names, options)),
    );
  output(
    lab
      .command('reset')
      .description('cut the power of hosts of the lab and give it back: for one that hangs'),
  )
    .argument('<file>', 'inventory')
    .argument('<host...>', 'hosts of the inventory')
    .action((file: string, names: string[], options: OutputOptions) =>
      run(async () => (await load()).reset(context, file, names, options)),
    );
}

const trustFirstUse = (command: Command): Command =>
  command.option(
    '--trust-first-use <name,...>',
    'pin the first file that looks right, where no digest is known',
    list,
  );

const mirror = (command: Command): Command =>
  command.option('--mirror <url,...>', 'folders on the web to be tried first', list);

const inventory = (command: Command): Command =>
  command.addArgument(new Argument('[file]', 'inventory; inventory.ts in this folder unless given'));

function hosts(command: Command): Command {
  command
    .option('--lab', 'speak to the virtual twin instead of the real hosts (see lvsctl lab)')
    .option('--limit <host,...>', 'only these hosts or groups', list)
    .option('--roles <role,...>', 'only these roles', list)
    .option('--forks <number>', 'hosts worked on at once', wholeNumber(1), 10)
    .option('--playbook <file>', 'stages other than the ones that build a site');
  return output(command);
}

function output(command: Command): Command {
  return command
    .option('--json', 'print events as NDJSON, and nothing else')
    .option('--verbose', 'show every resource and every line of output')
    .addOption(new Option('--no-color', 'no colours (NO_COLOR and FORCE_COLOR are honoured too)'));
}

/** Ends the parsing after `--version`. */
export class VersionPrinted extends Error {}

/** package.json lies above src/ and above dist/src/. */
function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not there: the other one.
    }
  }
  return 'unknown';
}

const EXAMPLES = `
The way to a cluster:
  lvsctl init                      write inventory.ts
  lvsctl lab up                    a virtual twin of it on this machine
  lvsctl provision --lab           build the twin
  lvsctl plan && lvsctl provision  then the real hosts

Exit status: 0 converged, 1 something failed, 2 usage or inventory error, 3 changes pending (plan --exit-code).`;
