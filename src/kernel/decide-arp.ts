import type { Facts } from '../engine/facts.js';
import type { Service } from '../inventory/cluster.js';
import { hasArpFlag } from './arp-flags.js';
import { alternatives, type Explained, firstPossible, type Way } from './decision.js';
import { hiddenPatchFor } from './hidden.js';
import type { RebuildProfile } from './profiles.js';
import {
  type Rebuild,
  type RebuildSettings,
  type RebuildVerdict,
  rebuildVerdict,
  rebuildWays,
} from './rebuild.js';
import { type RunningKernel, runningKernel } from './running-kernel.js';

export interface ArpOptions extends RebuildSettings {
  /** Those for which the host holds a VIP: REDIRECT suits not all. */
  readonly services?: readonly Pick<Service, 'name' | 'protocol' | 'port' | 'forwarding' | 'fwmark'>[];
}

/**
 * How a real server is kept from answering ARP for a VIP. `arp-flags`: arp_ignore and arp_announce. `hidden`: the patch's flag.
 * `arptables`: rules that drop the questions and give the host's own address in its own; by `announce`, the latter is done by
 * arp_announce, since arptables has no mangle here. `redirect`: the VIP is on no interface, and iptables takes what is sent to it.
 */
export type ArpDecision = Explained & (Decided | { readonly kind: 'impossible'; readonly hint: string });

type Decided =
  | { readonly kind: 'arp-flags' }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'arptables'; readonly source: 'mangle' | 'announce' }
  | { readonly kind: 'redirect' }
  | Rebuild;

const CONF = '/proc/sys/net/ipv4/conf/all';
const NOT_NEEDED = 'not needed: the running kernel will do';

/**
 * How ARP is kept quiet on a real server, from what its kernel shows and then from its version. A rebuild is chosen only with
 * `rebuild: true`, and not where the running kernel will do. REDIRECT does so for services that it suits; for others (FTP) it is
 * the last resort, behind a rebuild that is allowed.
 */
export function decideArp(facts: Facts, options: ArpOptions = {}): ArpDecision {
  const kernel = runningKernel(facts);
  const verdict = rebuildVerdict(kernel, options);
  const quiet = [flags(facts, kernel), hidden(facts, kernel), arptables(facts, kernel)];
  const concealed = quiet.some(({ possible }) => possible) ? undefined : concealedFlags(kernel);
  const { way: redirect, suits } = redirection(facts, options.services ?? [], concealed !== undefined);
  const will = quiet.some(({ possible }) => possible) || (redirect.possible && suits);
  const needless = will ? NOT_NEEDED : concealed && 'the running kernel will do, once it shows its settings';
  const gains = (profile: RebuildProfile) => [...shown(facts, kernel), ...brings(profile, redirect, suits)];
  const rebuild = rebuildWays(verdict, options, needless, gains);
  const ways: Way<Decided>[] = suits ? [...quiet, redirect, ...rebuild] : [...quiet, ...rebuild, redirect];
  const refused = [
    ...shown(facts, kernel),
    ...(concealed ? [concealed] : verdict.possible ? [] : [verdict.reason]),
  ];
  return (
    firstPossible(ways) ?? {
      kind: 'impossible',
      summary: `${kernel.name} can't be kept from answering ARP for a VIP`,
      reasons: refused,
      cautions: [],
      hint: concealed
        ? 'see that /proc/sys is mounted there, and not hidden from a container'
        : hintOf(verdict),
      alternatives: alternatives(ways),
    }
  );
}

const hintOf = (verdict: RebuildVerdict) =>
  verdict.possible ? '' : `${verdict.hint}; or use forwarding: 'nat', for which a real server holds no VIP`;

function flags({ paths }: Facts, kernel: RunningKernel): Way<Decided> {
  const [ignore, announce] = [paths.has(`${CONF}/arp_ignore`), paths.has(`${CONF}/arp_announce`)];
  return {
    way: 'arp_ignore and arp_announce',
    possible: ignore && announce,
    whyNot: announce
      ? 'the kernel shows arp_announce, but no arp_ignore: it would go on answering'
      : `the kernel shows no arp_ignore${kernel.version && !hasArpFlag(kernel.version, 'arp_ignore') ? ' (Linux has it since 2.4.26 and 2.6.4)' : ''}`,
    decided: { kind: 'arp-flags' },
    summary: 'set arp_ignore to 1 and arp_announce to 2, before the VIP comes up',
    reasons: [`${CONF} has arp_ignore and arp_announce`],
  };
}

function hidden({ paths }: Facts, { name, version }: RunningKernel): Way<Decided> {
  const patch = version && hiddenPatchFor(version);
  const possible = paths.has(`${CONF}/hidden`);
  return {
    way: 'hidden',
    possible,
    whyNot: possible
      ? 'possible too; arp_ignore needs no patch'
      : patch
        ? `the kernel shows no hidden; ${patch.file} is the patch for ${name}, whose source would have to be patched and built`
        : version?.origin === 'vendor'
          ? 'the kernel shows no hidden, and the patches are made for mainline kernels: vendors’ trees reject them'
          : 'the kernel shows no hidden, and no patch for it is known',
    decided: { kind: 'hidden' },
    summary: 'set hidden to 1 for all and lo, before the VIP comes up',
    reasons: [`${CONF} has hidden: the kernel carries Julian Anastasov's patch`],
  };
}

function arptables({ commands, modules, paths }: Facts, { vendor }: RunningKernel): Way<Decided> {
  const filter = modules.has('arptable_filter') || paths.has('/proc/net/arp_tables_names');
  const mangle = modules.has('arpt_mangle');
  const announce = paths.has(`${CONF}/arp_announce`);
  const command = commands.has('arptables');
  const possible = filter && command && (mangle || announce);
  const absent = vendor?.arptables
    ? `${vendor.name}'s kernel should have it, but the module is not there`
    : 'no module arptable_filter was found for this kernel';
  const reasons = ['the command arptables and the kernel’s table filter are there'];
  reasons.push(
    mangle
      ? 'its target mangle puts the host’s own address into its own requests'
      : 'arp_announce keeps the VIP out of its own requests, since the target mangle is not there',
  );
  return {
    way: 'arptables',
    possible,
    whyNot: possible
      ? 'possible too; a setting of the kernel needs no rules that somebody may flush'
      : !filter
        ? absent
        : !mangle && !announce
          ? 'the kernel has arptables, but neither its target mangle nor arp_announce: the host would give the VIP in its own requests'
          : 'the kernel has arptables, but the command is not there: install arptables_jf (or arptables), and ask again',
    decided: { kind: 'arptables', source: mangle ? 'mangle' : 'announce' },
    summary: 'drop ARP requests for the VIP with arptables, before the VIP comes up',
    reasons,
  };
}

/** The kernel must have arp_ignore by its version, and yet does not show it. */
function concealedFlags({ name, version }: RunningKernel): string | undefined {
  if (!version || !hasArpFlag(version, 'arp_ignore')) return undefined;
  return `${name} has arp_ignore (since 2.4.26 and 2.6.4), and yet ${CONF}/arp_ignore is not there`;
}

function redirection(
  { commands, modules }: Facts,
  services: NonNullable<ArpOptions['services']>,
  concealed: boolean,
): { readonly way: Way<Decided>; readonly suits: boolean } {
  const target = modules.has('ipt_REDIRECT') || modules.has('xt_REDIRECT');
  const nat = modules.has('iptable_nat');
  const barred = services.flatMap(({ name, protocol, port, fwmark }) => {
    if (protocol === 'sctp') return [`it knows no SCTP (${name})`];
    return fwmark !== undefined || port === 0 ? [`${name} has several ports, and a rule takes one`] : [];
  });
  const unsuited = services.filter(({ port, forwarding }) => port === 21 || forwarding === 'tun');
  const limits =
    'no VIP is on the host, the service sees its own address, and a port serves one VIP or the host itself';
  const unsuitedReason = unsuited
    .map(({ name, port }) =>
      port === 21
        ? `FTP (${name}) opens data connections to ports that no rule for port 21 takes`
        : `${name} comes by a tunnel, for which REDIRECT is not known to work`,
    )
    .join('; ');
  const possible = target && nat && commands.has('iptables') && barred.length === 0 && !concealed;
  const works =
    unsuitedReason === '' ? `possible too; ${limits}` : `a last resort: ${unsuitedReason}; ${limits}`;
  return {
    suits: unsuited.length === 0,
    way: {
      way: 'iptables REDIRECT',
      possible,
      whyNot: possible
        ? works
        : barred.length > 0
          ? barred.join('; ')
          : concealed
            ? `not needed; ${limits}`
            : !commands.has('iptables')
              ? 'there is no iptables'
              : 'no module with the target REDIRECT and the table nat was found for this kernel',
      decided: { kind: 'redirect' },
      summary: 'no VIP on the host: iptables REDIRECT takes what is sent to it',
      reasons: [
        'the kernel has nothing that keeps a VIP quiet, but iptables and its target REDIRECT are there',
      ],
      cautions: [limits, ...(unsuitedReason === '' ? [] : [unsuitedReason])],
    },
  };
}

function brings(profile: RebuildProfile, redirect: Way<Decided>, suits: boolean): string[] {
  const gain = profile.own
    ? `the inventory says that Linux ${profile.kernel} has ${profile.arp === 'hidden' ? 'hidden' : 'arp_ignore and arp_announce'}`
    : profile.arp === 'hidden'
      ? `hidden-2.4.20pre10-1 is made for Linux ${profile.kernel}`
      : `Linux ${profile.kernel} has arp_ignore and arp_announce in its source`;
  return redirect.possible && !suits ? [`iptables REDIRECT would be ${redirect.whyNot}`, gain] : [gain];
}

/** Why no quiet way is open. */
function shown({ paths }: Facts, { name, version, vendor }: RunningKernel): string[] {
  const reasons = [
    paths.has(`${CONF}/arp_announce`)
      ? 'the kernel shows arp_announce alone: neither arp_ignore nor hidden'
      : 'the kernel shows neither arp_ignore nor hidden',
  ];
  if (vendor?.backports.includes('arp_announce'))
    reasons.push(`${vendor.name} took arp_announce from later kernels, but never arp_ignore`);
  else if (version && !hasArpFlag(version, 'arp_ignore'))
    reasons.push(`${name} is older than the ARP flags (2.4.26, 2.6.4)`);
  return reasons;
}
