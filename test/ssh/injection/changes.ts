import site from '../../../playbooks/site.js';
import type { Facts } from '../../../src/engine/facts.js';
import { paramsOf } from '../../../src/engine/params.js';
import type { Change, ProbeOutput, Resource } from '../../../src/engine/resource.js';
import type { Role, RoleInput } from '../../../src/engine/role.js';
import { LvsctlError } from '../../../src/errors.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';
import { bytesOf } from '../../support/change-files.js';
import type { Candidate } from './batch.js';
import { allResources } from './house-role.js';
import type { Deck } from './payloads.js';

/** Facts with a hostile string wherever a fact is a string. */
export function hostileFacts(facts: Facts, deck: Deck): Facts {
  return {
    ...facts,
    hostname: deck.draw(),
    os: { id: deck.draw(), version: deck.draw(), name: deck.draw(), like: [deck.draw(), deck.draw()] },
    kernel: { ...facts.kernel, release: `${facts.kernel.release}${deck.draw()}`, machine: deck.draw() },
    commands: new Set([...facts.commands, deck.draw(), deck.draw()]),
    paths: new Set([...facts.paths, deck.draw(), deck.draw()]),
    interfaces: [
      ...facts.interfaces,
      { name: deck.draw(), mac: deck.draw(), mtu: undefined, up: true },
      { name: deck.draw(), mac: undefined, mtu: 1500, up: false },
    ],
    ipvs: { ...facts.ipvs, version: deck.draw() },
    bootId: deck.draw(),
  };
}

/** Probes, published values and the changes that follow from what hostile hosts answer to them, of every role on a host. */
export async function scriptsOf(
  cluster: Cluster,
  host: ClusterHost,
  facts: Facts,
  deck: Deck,
): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  const add = (candidate: Candidate): void => {
    if (!found.has(candidate.text)) found.set(candidate.text, candidate);
  };
  const roles: readonly Role<unknown>[] = site.stages.flatMap((stage) => stage.roles);
  for (const role of roles.filter((one) => one.appliesTo(host, cluster))) {
    const params = await paramsOf(role, cluster);
    const input = { ...inputFor(cluster, host, facts, deck), params };
    const resources = refusable(() => role.resources(input)) ?? [];
    for (const [key, script] of Object.entries(role.publish?.(input) ?? {}))
      add({ origin: `${role.name} publishes ${key}`, text: script.text });
    for (const text of role.remarks?.(input) ?? []) void text;
    for (const resource of resources)
      for (const one of changesOf(role.name, resource, cluster, host, deck)) add(one);
  }
  return [...found.values()];
}

/** The same of all that a user's own role can be made of, with drawn strings and facts in every place. */
export function ownScripts(cluster: Cluster, host: ClusterHost, facts: Facts, deck: Deck): Candidate[] {
  const texts = [...deck.hand(2), deck.draw(), facts.hostname, facts.os.name];
  return allResources(texts, facts).flatMap((resource, i) =>
    changesOf('own', resource, cluster, host, deck).filter((_, j) => j === 0 || j % 6 === i % 6),
  );
}

function inputFor(
  cluster: Cluster,
  host: ClusterHost,
  facts: Facts,
  deck: Deck,
): Omit<RoleInput<unknown>, 'params'> {
  const others = [...cluster.hosts.keys()];
  const key = (): string => (deck.draw().length % 2 ? `ssh-rsa AAAA${deck.draw()}` : deck.draw());
  return {
    cluster,
    host,
    facts,
    stored: new Map(),
    unready: new Map(deck.draw().length % 3 === 0 ? [['rs1', deck.draw()]] : []),
    published: new Map(
      others.map((name) => [
        name,
        {
          'content key': key(),
          'ssh host keys': `${key()}\nssh-ed25519 AAAA\n${key()}\n`,
          [deck.draw()]: deck.draw(),
        },
      ]),
    ),
  };
}

const inline = (files: NonNullable<Change['files']>) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [name, bytesOf(content)]));

function changesOf(
  role: string,
  resource: Resource,
  cluster: Cluster,
  host: ClusterHost,
  deck: Deck,
): Candidate[] {
  const found: Candidate[] = [{ origin: `probe of ${resource.id} (${role})`, text: resource.probe.text }];
  const changing = new Set(deck.draw().length % 2 ? [resource.id] : []);
  for (const observed of answers(cluster, host, deck)) {
    const change = refusable(() => resource.plan(observed, { changing }));
    refusable(() => resource.remarks?.(observed));
    if (!change) continue;
    const { apply, files } = change;
    found.push({
      origin: `change of ${resource.id} (${role})`,
      text: apply.text,
      ...(files && { files: inline(files) }),
    });
  }
  return found;
}

/** What a host might answer to any probe: nothing, states that lead to each kind of change, and anything at all. */
function answers(cluster: Cluster, host: ClusterHost, deck: Deck): ProbeOutput[] {
  const { vip = '' } = cluster.services[0] ?? {};
  const mark = `# BEGIN lvsctl ${deck.draw()}\n${deck.draw()}\n# END lvsctl director\n`;
  const texts = [
    '',
    'absent\n',
    'missing\n',
    'down\n',
    'file\n',
    `is ${deck.draw()}\n`,
    `${deck.draw()}`,
    `present -rw------- ${deck.word()}:${deck.word()}\n${deck.draw()}`,
    `present ${deck.word()}\nx\n${deck.draw()}${mark}${deck.draw()}exit 0\n`,
    `present - -\n\n# BEGIN lvsctl content\n${deck.draw()}\n# END lvsctl content\n${deck.draw()}`,
    `directory drwx------ ${deck.word()}:${deck.word()}\n`,
    `stamp\nactive\n${deck.draw()}\nActiveState=${deck.line()}`,
    [
      `/etc/sysctl.conf:1:${deck.line()}`,
      ...['ip_forward', `conf/${host.interface}/arp_ignore`, 'conf/all/arp_ignore'].map(
        (key) => `/etc/sysctl.conf:2:net/ipv4/${key} = ${deck.line()}`,
      ),
      `/etc/sysctl.d/${deck.word()}.conf:1:${deck.line()}`,
    ].join('\n'),
    [
      `1: ${deck.word()}    inet ${vip}/32 scope global x`,
      `2: eth7@${deck.word()}    inet ${vip}/24 peer ${deck.line()}`,
      `3: ${deck.word()}    inet6 ${vip}/64 scope ${deck.line()}`,
    ].join('\n'),
    `${deck.word()}:1 Link encap:Ethernet\n  inet addr:${vip} Mask:255.255.255.0\n${deck.word()}:b: flags=1\n  inet6 addr: ${vip}/64 Scope:${deck.line()}\n`,
    tableAnswer(vip, deck),
  ];
  return [
    ...texts.map((stdout) => ({ stdout, stderr: deck.draw(), status: 0 })),
    { stdout: deck.draw(), stderr: deck.draw(), status: 1 },
  ];
}

/** A table in which much is foreign, and what is ours is wrong. */
function tableAnswer(vip: string, deck: Deck): string {
  const endpoint = vip.includes(':') ? `[${vip}]:21` : `${vip}:21`;
  const server = vip.includes(':') ? '[fd00:7::99]:21' : '10.83.33.99:21';
  return [
    '@@ proc',
    'IP Virtual Server version 1.2.1 (size=4096)',
    'Prot LocalAddress:Port Scheduler Flags',
    '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn',
    '@@ save',
    `-A -t ${endpoint} -s ${deck.word()} -p 300 --pe ${deck.word()} -b ${deck.word()}`,
    `-a -t ${endpoint} -r ${server} -i -w 1`,
    `-A -f 7 -s ${deck.word()}`,
    `${deck.line()}`,
    '@@ thresholds',
    deck.draw(),
  ].join('\n');
}

/** The work's result; undefined when it was refused in words for the operator. Every other error is a defect, and is thrown. */
function refusable<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof LvsctlError) return undefined;
    throw error;
  }
}
