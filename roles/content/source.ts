import type { Facts } from '../../src/engine/facts.js';
import type { Change, Resource } from '../../src/engine/resource.js';
import { defineRole, type RoleInput } from '../../src/engine/role.js';
import { LvsctlError } from '../../src/errors.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import { account, directory, file, packages } from '../../src/resources/index.js';
import { sh, template } from '../../src/shell/index.js';
import type { ContentParams } from './params.js';
import { folderName, isSource, loadParams, paths, published, receivers, sourceAccount } from './parties.js';

const renderServe = template(import.meta.url, 'templates/content-serve.sh.hbs');

/** Second of three: the source lets each receiver's key in, for reading the configured folders and for nothing else. */
export default defineRole({
  name: 'content',
  description: 'the host whose data the real servers copy lets their keys in',
  params: loadParams,
  wants: { commands: ['rsync'] },
  appliesTo: (host, cluster) => isSource(host, cluster) && receivers(cluster).length > 0,
  resources: (input) => [
    ...input.params.paths.map(({ from }) => presentFolder(from, input.host.name)),
    ...(input.facts.commands.has('rsync')
      ? []
      : [
          packages({
            name: 'content',
            packages: [{ default: 'rsync' }],
            commands: ['rsync'],
            facts: input.facts,
          }),
        ]),
    account({ ...sourceAccount, shell: '/bin/sh' }),
    directory({ path: `${sourceAccount.home}/.ssh`, mode: '0755' }),
    file({ path: paths.serveScript, content: serveScript(input.params), mode: '0755' }),
    file({
      path: `${sourceAccount.home}/.ssh/authorized_keys`,
      content: (present) => authorizedKeys(input, present),
      mode: '0644',
      owner: 'root',
    }),
  ],
  publish: () => ({
    [published.hostKeys]: sh`for f in /etc/ssh/ssh_host_*_key.pub; do [ -r "$f" ] && read -r type key rest < "$f" && printf '%s %s\n' "$type" "$key"; done; :`,
  }),
  remarks: (input) =>
    receivers(input.cluster)
      .filter((receiver) => receiverKey(input, receiver) === undefined)
      .map(
        (receiver) =>
          `${receiver.name} has no key for the content yet, or was not asked: it is let in by a run that knows it`,
      ),
});

/** Never made by us: an empty folder in its place would be copied too, and `delete` would empty the real servers. */
function presentFolder(path: string, host: string): Resource {
  const id = `source ${path}`;
  return {
    id,
    probe: sh`[ -d ${path} ] && echo present; :`,
    plan(observed): Change | undefined {
      if (observed.stdout.trim() === 'present') return undefined;
      throw new LvsctlError(`${path}, which the real servers are to copy, is not there on ${host}`, {
        resource: id,
        hint: 'make it and put the content in, or change `roles.content` in the inventory',
      });
    },
  };
}

/** The forced command: see the template. */
export function serveScript(params: ContentParams): string {
  return renderServe({
    folders: params.paths.map(({ from }) => ({ name: folderName(from), path: from })),
  });
}

/** One line for each receiver. A receiver that this run has not asked keeps its line. */
function authorizedKeys(input: RoleInput<ContentParams>, present: string | undefined): string {
  const lines = receivers(input.cluster).map((receiver) => {
    const key = receiverKey(input, receiver);
    const mark = ` lvsctl content ${receiver.name}`;
    if (key === undefined) return present?.split('\n').find((line) => line.endsWith(mark));
    return `${restrictions(receiver, input.facts)} ${key}${mark}`;
  });
  return lines.flatMap((line) => (line === undefined ? [] : `${line}\n`)).join('');
}

function receiverKey(input: RoleInput<ContentParams>, receiver: ClusterHost): string | undefined {
  const key = input.published.get(receiver.name)?.[published.receiverKey];
  // What a host says of itself goes into a file that lets others in: only a key, and nothing beside it.
  return key !== undefined && /^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/]+=*$/.test(key) ? key : undefined;
}

/** `restrict` came with OpenSSH 7.2, and an older sshd drops a line with a word that it doesn't know; sysv hosts may be that old. */
function restrictions(receiver: ClusterHost, facts: Facts): string {
  const closed =
    facts.init === 'sysv' ? 'no-agent-forwarding,no-port-forwarding,no-pty,no-X11-forwarding' : 'restrict';
  return `${closed},from="${receiver.address}",command="/bin/sh ${paths.serveScript}"`;
}
