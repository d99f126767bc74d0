import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { systems as factsOfSystems } from '../../unit/resources/facts.js';
import { type Candidate, runBatch, type Verdict } from './batch.js';
import { hostileFacts, ownScripts, scriptsOf } from './changes.js';
import { furnish, lie } from './hostile-host.js';
import { type Shape, spoiltCluster } from './inventories.js';
import { Deck, hostileText, payloads } from './payloads.js';
import { wholeRun } from './run.js';
import { type Programs, Sandbox, type SandboxShell, type System, sandboxShells, systems } from './sandbox.js';

/** One cluster of hostile strings on one kind of host. */
export interface HostileCase {
  readonly shell: SandboxShell;
  readonly system: System;
  readonly shape: Shape;
  /** Whether the hosts lie in all that they tell; else they are sound, so that a run gets far. */
  readonly lies: boolean;
  readonly texts: readonly string[];
  readonly start: number;
}

export const hostileCase = (shell: SandboxShell, lies: boolean): fc.Arbitrary<HostileCase> =>
  fc.record({
    shell: fc.constant(shell),
    system: fc.constantFrom(...systems),
    shape: fc.record({
      family: fc.constantFrom(4, 4, 6),
      source: fc.constantFrom('rs1', 'spare'),
      sudo: fc.boolean(),
    }),
    lies: fc.constant(lies),
    texts: fc.array(hostileText, { minLength: 5, maxLength: 8 }),
    start: fc.nat(payloads.length - 1),
  });

/** What was found wrong in a case; all empty is good. */
export interface Findings {
  /** Origin of each script that executed a value, with what it executed. */
  readonly executed: readonly string[];
  /** Scripts that no shell can read. */
  readonly broken: readonly string[];
  /** Errors that were no word for the operator. */
  readonly defects: readonly string[];
  /** Commands that did not come to an end. */
  readonly hung: readonly string[];
  /** Whether anything outside the sandboxes was changed. */
  readonly escaped: boolean;
}

/** How much a case was about, so that a property about nothing is noticed. */
export interface Extent {
  readonly taken: ReadonlyMap<string, number>;
  readonly scripts: number;
  readonly changes: number;
  readonly bootScripts: number;
  readonly connections: number;
}

/** Runs a case: the whole product on its hosts, then what that left there, then each change that could follow. */
export async function tryCase(
  programs: Programs,
  one: HostileCase,
): Promise<{ found: Findings; extent: Extent }> {
  const deck = new Deck(one.texts, one.start);
  const { cluster, taken } = spoiltCluster(one.shape, deck);
  const sandboxes = new Map<string, Sandbox>();
  const benches = [1, 2].map(() => new Sandbox(programs, one.shell, one.system));
  try {
    for (const host of cluster.hosts.values()) {
      const sandbox = new Sandbox(programs, one.shell, one.system);
      sandboxes.set(host.name, sandbox);
      furnish(sandbox, one.system, cluster, host);
      if (one.lies) lie(sandbox, cluster, host, deck);
    }
    const { sent, events, defects } = await wholeRun(cluster, sandboxes);
    const executed = [...sandboxes].flatMap(([name, sandbox]) => {
      const said = sandbox.executed();
      return said === undefined ? [] : [`the run on ${name}: ${said}`];
    });
    const left = [...sandboxes.values()].map((sandbox) => ({
      sandbox,
      scripts: leftBehind(sandbox, one, deck),
    }));
    const read = [...new Set(sent)].map((text): Candidate => ({ origin: 'sent', text, parseOnly: true }));
    const changes = await everyChange(cluster, one, deck);
    const batches = await Promise.all([
      ...left.map(({ sandbox, scripts }) => runBatch(sandbox, scripts)),
      ...benches.map((bench, i) =>
        runBatch(
          bench,
          [...read, ...changes].filter((_, j) => j % 2 === i),
        ),
      ),
    ]);
    // Boot scripts that those changes wrote; their rc.local has what a lying probe said was in it.
    for (const bench of benches)
      batches.push(await runBatch(bench, leftBehind(bench, { ...one, lies: true }, deck)));
    const verdicts = batches.flat();
    const of = (what: (verdict: Verdict) => string | undefined): string[] =>
      verdicts.flatMap((verdict) => {
        const said = what(verdict);
        return said === undefined ? [] : [`${verdict.origin}: ${said}\n${verdict.text.slice(0, 4000)}`];
      });
    return {
      found: {
        executed: [...executed, ...of((verdict) => verdict.executed)],
        broken: of((verdict) => verdict.syntax),
        defects,
        hung: [...benches, ...sandboxes.values()].flatMap(({ hung }) => hung),
        escaped: programs.touched,
      },
      extent: {
        taken,
        scripts: verdicts.length,
        changes: events.filter((event) => event.type === 'change.end' && event.status === 0).length,
        bootScripts: left.flatMap(({ scripts }) => scripts).length,
        connections: events.filter((event) => event.type === 'verify.progress').length,
      },
    };
  } finally {
    await Promise.all([...benches, ...sandboxes.values()].map((sandbox) => sandbox.remove()));
  }
}

/** Scripts that the run wrote: those that run at boot, by a timer, and at a receiver's login, with a hostile request. */
function leftBehind(sandbox: Sandbox, { lies }: HostileCase, deck: Deck): Candidate[] {
  const folders = ['etc/lvsctl', 'etc/local.d'].flatMap((folder) =>
    list(join(sandbox.root, folder)).map((name) => `${folder}/${name}`),
  );
  // A lying host's rc.local is its own to begin with, and so is what it says.
  const scripts = folders
    .filter((path) => /\.(sh|start)$/.test(path))
    .concat(lies ? [] : ['etc/rc.local', 'etc/rc.d/rc.local']);
  return scripts.flatMap((path) => {
    const file = join(sandbox.root, path);
    if (!existsSync(file)) return [];
    const text = readFileSync(file, 'utf8');
    if (lies && !text.includes('Written by lvsctl')) return [];
    const requests = path.endsWith('content-serve.sh') ? deck.hand(12) : [''];
    return requests.map((request) => ({
      origin: path,
      text,
      env: {
        SSH_ORIGINAL_COMMAND: `rsync --server --sender -logDtpre.iLsfxCIvu . ${request.replaceAll('\0', '')}`,
      },
    }));
  });
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Scripts that no case needs to try again in the same shell. */
const tried = new Map<SandboxShell, Set<string>>(sandboxShells.map((shell) => [shell, new Set()]));

/** Of what each host may be told to do; what was tried in the same words is not tried again. */
async function everyChange(
  cluster: Cluster,
  { system, shell }: HostileCase,
  deck: Deck,
): Promise<Candidate[]> {
  const facts = factsOfSystems.find(([name]) => name === system)?.[1];
  if (!facts) throw new Error(`no facts of ${system}`);
  const lying = hostileFacts(facts, deck);
  const all: Candidate[] = [];
  for (const host of cluster.hosts.values()) all.push(...(await scriptsOf(cluster, host, lying, deck)));
  for (const host of [...cluster.hosts.values()].slice(0, 1))
    all.push(...ownScripts(cluster, host, lying, deck));
  const before = tried.get(shell);
  return all.filter(({ text }) => {
    if (before?.has(text)) return false;
    before?.add(text);
    return true;
  });
}
