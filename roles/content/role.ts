import type { Change, Resource } from '../../src/engine/resource.js';
import { defineRole, type RoleInput } from '../../src/engine/role.js';
import { LvsctlError } from '../../src/errors.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { file, forgettingStamp, oneLine, stampOf } from '../../src/resources/index.js';
import { sh, template } from '../../src/shell/index.js';
import type { ContentParams } from './params.js';
import { folderName, isReceiver, loadParams, paths, published, sourceAccount, sourceOf } from './parties.js';
import { schedule } from './schedule.js';

const renderSync = template(import.meta.url, 'templates/content-sync.sh.hbs');

/** Third of three: the receivers copy, now and repeatedly. */
export default defineRole({
  name: 'content',
  description: 'the same data on all real servers, copied from one host by rsync over SSH',
  params: loadParams,
  wants: { commands: ['cron', 'crond'], paths: ['/etc/cron.d', '/etc/crontabs'] },
  appliesTo: isReceiver,
  resources(input) {
    const { cluster, facts, params, unready } = input;
    const reason = unready.get(params.source);
    if (reason !== undefined)
      throw new LvsctlError(`the content can't be copied: ${params.source} is not ready (${reason})`, {
        hint: `mend ${params.source} first`,
      });
    const script = file({ path: paths.syncScript, content: syncScript(cluster, params), mode: '0755' });
    const known = knownHosts(input);
    const files = known ? [known, script] : [script];
    return [
      ...files.map((one) => forgettingStamp(one, 'content')),
      firstCopy(files.map((one) => one.id)),
      ...schedule(params.everyMinutes, facts),
    ];
  },
});

/** The source's host keys as it told them over our own connection; undefined when this run has not asked it. */
function knownHosts(input: RoleInput<ContentParams>): Resource | undefined {
  const source = sourceOf(input.cluster, input.params);
  const told = input.published.get(source.name)?.[published.hostKeys];
  const keys = (told ?? '')
    .split('\n')
    .filter((key) => /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*$/.test(key));
  if (keys.length === 0) return undefined;
  const name = source.ssh.port === 22 ? source.address : `[${source.address}]:${source.ssh.port}`;
  return file({ path: paths.knownHosts, content: keys.map((key) => `${name} ${key}\n`).join('') });
}

/** A copy with the present script was made at least once; the timer makes the next. */
function firstCopy(configuration: readonly string[]): Resource {
  const id = 'content copied';
  return {
    id,
    probe: sh`[ -e ${stampOf('content')} ] && echo copied; :`,
    plan(observed, context): Change | undefined {
      const due = configuration.some((one) => context.changing.has(one));
      if (observed.stdout.trim() === 'copied' && !due) return undefined;
      return { summary: 'copy the content from the source', apply: sh`/bin/sh ${paths.syncScript} wait` };
    },
  };
}

export function syncScript(cluster: Cluster, params: ContentParams): string {
  const source = sourceOf(cluster, params);
  return renderSync({
    source: oneLine(source.name),
    options: ['-rlptgo', '--timeout=120', ...(params.delete ? ['--delete'] : [])].join(' '),
    excludes: params.exclude.map((pattern) => `--exclude=${pattern}`),
    remoteShell: remoteShell(source),
    remote: `${sourceAccount.name}@${source.address.includes(':') ? `[${source.address}]` : source.address}`,
    folders: params.paths.map(({ from, to }) => ({ name: folderName(from), to: to ?? from })),
  });
}

/** Options that OpenSSH 3.5 has too. rsync splits this at blanks; nothing in it has any. */
function remoteShell(source: ClusterHost): string {
  return [
    'ssh',
    `-i ${paths.key}`,
    `-p ${source.ssh.port}`,
    '-o BatchMode=yes',
    '-o StrictHostKeyChecking=yes',
    `-o UserKnownHostsFile=${paths.knownHosts}`,
  ].join(' ');
}
