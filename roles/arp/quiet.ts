import type { Facts } from '../../src/engine/facts.js';
import { LvsctlError } from '../../src/errors.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import { type ArpDecision, decideArp } from '../../src/kernel/index.js';
import {
  interfaceKey,
  type QuietAddress,
  type Redirection,
  type SysctlSetting,
} from '../../src/resources/index.js';
import { isIPv4, realServerVips, type Vip } from '../vips.js';

/** How a real server keeps quiet about its IPv4 VIPs, as the roles `arp` and `realserver` and the boot script carry it out. */
export interface Quiet {
  /** Kernel settings, to be set before a VIP comes up. */
  readonly settings: readonly SysctlSetting[];
  /** Rules of arptables, to be set before a VIP comes up. */
  readonly arpRules: readonly QuietAddress[];
  /** With these the host holds no IPv4 VIP at all; undefined: it does. */
  readonly redirections: readonly Redirection[] | undefined;
  /** What the operator should know of this way. */
  readonly cautions: readonly string[];
}

const nothing: Quiet = { settings: [], arpRules: [], redirections: undefined, cautions: [] };

/**
 * What is to be done on a host, by {@link decideArp}.
 * @throws LvsctlError where its running kernel offers no way
 */
export function quietWay(cluster: Cluster, host: ClusterHost, facts: Facts): Quiet {
  const vips = realServerVips(cluster, host).filter((vip) => isIPv4(vip.address));
  if (vips.length === 0) return nothing;
  const decision = decideArp(facts, { ...host.kernel, services: vips.flatMap((vip) => vip.services) });
  const { cautions } = decision;
  switch (decision.kind) {
    case 'arp-flags':
      return { ...nothing, cautions, settings: arpFlags(host.interface) };
    case 'hidden':
      return { ...nothing, cautions, settings: hidden };
    case 'arptables':
      return {
        ...nothing,
        cautions,
        // Red Hat's backport of arp_announce is looked at for `all` alone, and where every kernel looks at the greater, that is enough.
        settings: decision.source === 'announce' ? [announce('all')] : [],
        arpRules: vips.map((vip) => ({
          vip: vip.address,
          ...(decision.source === 'mangle' && { rip: ownAddress(vip, host) }),
        })),
      };
    case 'redirect':
      return { ...nothing, cautions, redirections: vips.flatMap((vip) => redirections(vip, host)) };
    default:
      throw cannot(decision);
  }
}

/**
 * arp_ignore is looked up on the interface that the request comes in by, as the greater of `all` and that one, so that setting
 * lo alone would do nothing.
 */
function arpFlags(interfaceName: string): SysctlSetting[] {
  return ['all', interfaceName].flatMap((name) => [
    { key: interfaceKey('ipv4', name, 'arp_ignore'), value: 1 },
    announce(name),
  ]);
}

function announce(name: string): SysctlSetting {
  return { key: interfaceKey('ipv4', name, 'arp_announce'), value: 2 };
}

/** Julian Anastasov's patch: `all` and the interface that has the VIP must both be 1. */
const hidden: readonly SysctlSetting[] = ['all', 'lo'].map((name) => ({
  key: interfaceKey('ipv4', name, 'hidden'),
  value: 1,
}));

/** The address by which the director knows the host. */
function ownAddress(vip: Vip, host: ClusterHost): string {
  const known = vip.services.flatMap((service) => service.realServers).find((one) => one.host === host.name);
  return known !== undefined && isIPv4(known.address) ? known.address : host.address;
}

function redirections(vip: Vip, host: ClusterHost): Redirection[] {
  return vip.services.flatMap(({ protocol, port, realServers }) =>
    protocol === 'sctp'
      ? []
      : realServers
          .filter((one) => one.host === host.name)
          .map((one) => ({ protocol, vip: vip.address, port, ...(one.port !== port && { to: one.port }) })),
  );
}

function cannot(decision: Extract<ArpDecision, { kind: 'rebuild' | 'impossible' }>): LvsctlError {
  const because = decision.reasons.join('; ');
  if (decision.kind === 'impossible')
    return new LvsctlError(`${decision.summary}: ${because}`, { hint: decision.hint });
  return new LvsctlError(`the kernel stage has not run: it is to ${decision.summary}, since ${because}`, {
    hint: 'run the whole playbook: with --roles, or one of your own without the kernel’s stages, the host keeps a kernel on which a VIP can’t be kept quiet',
  });
}
