import { networkOf, type ParsedAddress, parseAddress } from './address.js';
import type { Draft } from './draft.js';
import { parseJump } from './jump.js';
import type { Path, Report } from './problem.js';
import type { HostInput, SshInput } from './schema.js';
import { didYouMean } from './suggest.js';

/** Prefix length of a host's network where the inventory gives none. */
export const DEFAULT_PREFIX = { IPv4: 24, IPv6: 64 } as const;

const HOST_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;
const NAME_HINT = 'use letters, digits, "-" and single dots inside, at most 63 in all, for example rs1';

export function checkHosts(draft: Draft, report: Report): void {
  const owners = new Map<string, string>();
  if (draft.hosts.size === 0)
    report(['hosts'], {}, 'has no hosts', 'add at least a director and a real server');
  for (const [name, host] of draft.hosts) {
    checkName(['hosts', name], name, 'host', report);
    if (!host) continue;
    for (const key of ['address', 'address6'] as const) {
      const text = host[key];
      const parsed = text === undefined ? undefined : parseAddress(text);
      if (text === undefined || !parsed) continue;
      const path = ['hosts', name, key];
      const owner = owners.get(parsed.address);
      if (owner !== undefined)
        report(path, text, `is the address of host ${owner} too`, 'give each host an address of its own');
      else owners.set(parsed.address, name);
      checkHostAddress(path, text, parsed, report);
    }
    checkSecondAddress(['hosts', name, 'address6'], host, report);
  }
  checkGroups(draft, report);
  checkKnown(draft.probes, ['probes'], draft, report);
  checkJumps(draft, report);
}

function checkName(path: Path, name: string, kind: string, report: Report): void {
  if (!HOST_NAME.test(name) || name.length > 63) report(path, name, `is not a safe ${kind} name`, NAME_HINT);
  else if (name === 'all')
    report(path, name, 'stands for all hosts already', `choose another name for the ${kind}`);
}

/** `address6` is what an IPv4 host has beside. */
function checkSecondAddress(path: Path, { address, address6 }: HostInput, report: Report): void {
  if (address6 === undefined) return;
  if (parseAddress(address6)?.family === 'IPv4')
    report(path, address6, 'is an IPv4 address', 'write an IPv6 address; the IPv4 one is `address`');
  else if (parseAddress(address)?.family === 'IPv6')
    report(
      path,
      address6,
      'stands beside an IPv6 `address`',
      'write the IPv4 address there, or take this out',
    );
}

function checkHostAddress(path: Path, text: string, parsed: ParsedAddress, report: Report): void {
  if (parsed.kind !== 'usual' && parsed.kind !== 'loopback') {
    report(path, text, `is no host’s address (${parsed.kind})`, 'write the host’s own address');
    return;
  }
  const prefix = parsed.prefix ?? DEFAULT_PREFIX[parsed.family];
  const network = networkOf(parsed.address, prefix);
  if (network.isReserved(parsed.address))
    report(
      path,
      text,
      `is the network or broadcast address of ${network.text}`,
      'write the host’s own address, or its right prefix length',
    );
}

function checkGroups(draft: Draft, report: Report): void {
  for (const [name, group] of draft.groups) {
    const path = ['groups', name];
    checkName(path, name, 'group', report);
    if (draft.hosts.has(name))
      report(path, name, 'is the name of a host too', 'rename the group: playbooks and --limit take both');
    if (group) checkKnown(group.hosts, [...path, 'hosts'], draft, report);
  }
}

/** Each of `names` is a host, and stands there once. */
export function checkKnown(names: readonly string[], path: Path, draft: Draft, report: Report): void {
  for (const [index, name] of names.entries()) {
    if (!draft.hosts.has(name)) reportUnknownHost(name, [...path, index], draft, report);
    else if (names.indexOf(name) !== index)
      report([...path, index], name, 'stands there twice', 'take one of them out');
  }
}

export function reportUnknownHost(name: string, path: Path, draft: Draft, report: Report): void {
  report(path, name, 'unknown host', didYouMean(name, [...draft.hosts.keys()], 'hosts'));
}

/** Jump hosts exist; a chain of them ends. */
function checkJumps(draft: Draft, report: Report): void {
  const levels: [Path, SshInput | undefined][] = [[['ssh', 'jump'], draft.ssh]];
  for (const [name, group] of draft.groups) levels.push([['groups', name, 'ssh', 'jump'], group?.ssh]);
  for (const [name, host] of draft.hosts) levels.push([['hosts', name, 'ssh', 'jump'], host?.ssh]);
  for (const [path, ssh] of levels) {
    const jump = ssh?.jump;
    if (jump === undefined || jump === false || draft.hosts.has(jump)) continue;
    if (parseJump(jump) === undefined)
      report(path, jump, 'is no jump host', 'write the name of a host, or user@host:port');
    else if (!/[@:.]/.test(jump))
      report(
        path,
        jump,
        'unknown host',
        `${didYouMean(jump, [...draft.hosts.keys()], 'hosts')} (for a host outside the inventory write user@${jump})`,
      );
  }
  for (const [name, host] of draft.hosts) {
    const loop = jumpLoop(draft, name);
    if (loop && host?.ssh?.jump)
      report(
        ['hosts', name, 'ssh', 'jump'],
        host.ssh.jump,
        `jumps in a circle: ${loop.join(' → ')}`,
        'let one of them be reached directly: jump: false',
      );
  }
}

/** The jump that a host's own, its groups' and the global settings give; an inherited jump to itself is none. */
export function jumpOf(draft: Draft, name: string): string | false | undefined {
  const own = draft.hosts.get(name)?.ssh?.jump;
  if (own !== undefined) return own;
  const inherited = [draft.ssh, ...groupsOf(draft, name).map((group) => draft.groups.get(group)?.ssh)]
    .map((ssh) => ssh?.jump)
    .findLast((jump) => jump !== undefined);
  return inherited === name ? false : inherited;
}

export function groupsOf(draft: Draft, host: string): string[] {
  return [...draft.groups].filter(([, group]) => group?.hosts.includes(host)).map(([name]) => name);
}

function jumpLoop(draft: Draft, start: string): string[] | undefined {
  const way = [start];
  for (let at = jumpOf(draft, start); at && draft.hosts.has(at); at = jumpOf(draft, at)) {
    if (at === start) return [...way, start];
    if (way.includes(at)) return undefined;
    way.push(at);
  }
  return undefined;
}
