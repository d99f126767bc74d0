import type { Service, ServiceRealServer } from '../inventory/cluster.js';
import { gatewayOf } from '../inventory/gateway.js';
import { addressFor } from '../inventory/host-address.js';
import { renderCommand } from '../inventory/systems.js';
import { sh } from '../shell/index.js';
import { dropCommand, holdCommand } from './address-fix.js';
import { effective, type HostEvidence } from './evidence.js';
import type { Case } from './explain.js';
import { explainForeignServer, foreignHost } from './explain-foreign.js';
import { holders } from './interfaces.js';
import { type Fix, onHost, provisionFix, type Reason, setting } from './reason.js';
import { confKey } from './reasons-arp.js';
import { loginFix } from './reasons-director.js';
import { nameOf, titled } from './share.js';
import { waitingFor } from './waiting.js';

/** Why a real server does not answer what the director sends to it. */
export function realServerReasons(found: Case, server: ServiceRealServer): Reason[] {
  const { service, testimony, direct, file } = found;
  const { host } = server;
  const of = (check: string, cause: string, fix: Fix): Reason => ({ check, host, cause, fix });
  const foreign = foreignHost(found, host);
  if (foreign)
    return explainForeignServer(found, server, foreign).map((cause) =>
      of('foreign-system', cause, { command: renderCommand(file, host) }),
    );
  const evidence = testimony.get(host);
  const error = direct.get(host);
  const directly =
    error === undefined
      ? []
      : [
          of(
            'not-serving',
            `${nameOf(server)} does not serve ${server.address}:${server.port} either when asked directly: ${error}`,
            startFix(found, server),
          ),
        ];
  if (!evidence) return directly;
  if ('unreachable' in evidence)
    return [
      of(
        'unreachable',
        `${nameOf(server)} can't be reached over SSH: ${evidence.unreachable}`,
        loginFix(host),
      ),
      ...directly,
    ];
  const reasons = [
    ...(service.forwarding === 'nat'
      ? returnPathReasons(found, server, evidence)
      : vipReasons(found, server, evidence)),
    ...listenerReasons(found, server, evidence),
  ];
  const onOwnAddress = evidence.listeners.some(
    ({ protocol, address, port }) =>
      protocol === service.protocol &&
      port === server.port &&
      (address === '*' || address === server.address),
  );
  if (reasons.length > 0 || !onOwnAddress) return reasons;
  if (evidence.filterRules !== undefined && evidence.filterRules > 0 && error !== undefined)
    return [
      ...directly,
      of(
        'server-filter',
        `a packet filter with ${evidence.filterRules} rules is active on ${host}: check that it lets ${service.port}/${service.protocol} in`,
        {
          advice: `let ${service.port}/${service.protocol} to ${service.vip} and ${server.address} in on ${host}`,
        },
      ),
    ];
  return directly;
}

function vipReasons(found: Case, server: ServiceRealServer, evidence: HostEvidence): Reason[] {
  const { service, director } = found;
  const { host } = server;
  if (service.directors.includes(host)) return [];
  const held = holders(evidence.interfaces, service.vip);
  const { redirected } = evidence;
  if (
    held.length === 0 &&
    redirected.some(({ address, port }) => address === service.vip && port === service.port)
  )
    return [];
  const hold = holdCommand(evidence, service.vip, 'lo', service.label);
  if (held.length === 0) {
    const waiting = waitingFor(found, server);
    return [
      {
        check: 'server-vip',
        host,
        cause: `${nameOf(server)} does not hold ${service.vip} on lo: connections sent to it hang${waiting > 0 ? ` (${waiting} in SYN_RECV on ${titled(director)})` : ''}`,
        // Which tunnel takes its packets, the role knows.
        fix: service.forwarding === 'tun' ? provisionFix(found.file, host) : onHost(host, hold),
      },
    ];
  }
  const reasons: Reason[] = [];
  const full = service.vip.includes(':') ? 128 : 32;
  const wide = held.find(({ prefix }) => prefix !== undefined && prefix < full);
  if (wide) {
    const drop = dropCommand(evidence, service.vip, wide.prefix, wide.device, service.label);
    const right = held.some(({ prefix }) => prefix === full);
    reasons.push({
      check: 'vip-mask',
      host,
      cause: `${nameOf(server)} holds ${service.vip}/${wide.prefix} on ${wide.device}: with less than a host's mask it takes that whole network for its own`,
      fix: onHost(host, right ? drop : evidence.tools.has('ip') ? sh`${drop} && ${hold}` : hold),
    });
  }
  return service.forwarding === 'tun' ? [...reasons, ...tunnelReasons(found, server, evidence)] : reasons;
}

/** What comes out of tunl0 has a client's address as its source, which is routed elsewhere. */
function tunnelReasons({ service }: Case, server: ServiceRealServer, evidence: HostEvidence): Reason[] {
  const { host } = server;
  const nic = 'tunl0';
  const filter = effective(evidence, nic, 'rp_filter') ?? 0;
  const check = 'tunnel-rp-filter';
  if (filter === 1)
    return [
      {
        check,
        host,
        cause: `rp_filter is 1 on ${nic} of ${nameOf(server)}: it drops what comes out of the tunnel; set it to 0 or 2 on all and ${nic}`,
        fix: setting(host, [confKey(nic, 'rp_filter'), 2]),
      },
    ];
  // A loose check asks for a route to the source, and has none for an interface without an address (fib_validate_source).
  const tunnel = evidence.interfaces.find(({ device }) => device === nic);
  const held = holders(evidence.interfaces, service.vip)[0];
  if (
    filter === 0 ||
    service.vip.includes(':') ||
    tunnel === undefined ||
    tunnel.addresses.length > 0 ||
    !held
  )
    return [];
  const drop = dropCommand(evidence, service.vip, held.prefix, held.device, service.label);
  return [
    {
      check,
      host,
      cause: `${nameOf(server)} holds ${service.vip} on ${held.device}, and ${nic} has no address: with rp_filter ${filter} it drops what comes out of the tunnel`,
      fix: onHost(host, sh`${holdCommand(evidence, service.vip, nic, service.label)} && ${drop}`),
    },
  ];
}

function returnPathReasons(found: Case, server: ServiceRealServer, evidence: HostEvidence): Reason[] {
  const { service, hosts, director } = found;
  const six = service.vip.includes(':');
  const gateways = six ? evidence.defaultGateways6 : evidence.defaultGateways;
  const host = hosts.get(server.host);
  const wanted = host && gatewayOf({ hosts }, service, host);
  if (wanted === undefined) return [];
  const own = hosts.get(director);
  const fallback = (own && addressFor(own, service.vip)?.address) ?? '?';
  const gateway = 'address' in wanted ? wanted.address : fallback;
  const good = 'address' in wanted ? [gateway] : [...addressesOfDirectors(found), service.vip];
  if (gateways.some((one) => good.includes(one))) return [];
  const by = sh`route add default gw ${gateway}`;
  const through =
    gateway === fallback ? `${titled(director)} (${gateway})` : `${titled(director)}, by ${gateway}`;
  const needs = `LVS-NAT needs its answers to go back through ${through}`;
  return [
    {
      check: 'nat-gateway',
      host: server.host,
      cause:
        gateways.length === 0
          ? `${nameOf(server)} has no default route: ${needs}`
          : `${nameOf(server)} has its default route by ${gateways.join(', ')}: ${needs}`,
      fix: onHost(
        server.host,
        six
          ? sh`ip -6 route replace default via ${gateway} dev ${host?.interface ?? 'eth0'} metric 1`
          : evidence.tools.has('ip')
            ? sh`ip route replace default via ${gateway}`
            : gateways.length === 0
              ? by
              : sh`route del default && ${by}`,
      ),
    },
  ];
}

/** Of the VIP's family: where the inventory names no gateway, any of them may be the one. */
function addressesOfDirectors({ service, hosts }: Case): string[] {
  return service.directors.flatMap((name) => {
    const host = hosts.get(name);
    return (host && addressFor(host, service.vip)?.address) ?? [];
  });
}

function listenerReasons(found: Case, server: ServiceRealServer, evidence: HostEvidence): Reason[] {
  const { service } = found;
  const { host } = server;
  if (service.protocol === 'sctp') return [];
  const listening = evidence.listeners.filter(
    ({ protocol, port }) => protocol === service.protocol && port === server.port,
  );
  const wanted = service.forwarding === 'nat' ? server.address : service.vip;
  if (listening.length === 0)
    return [
      {
        check: 'listener',
        host,
        cause: `nothing listens on port ${server.port}/${service.protocol} of ${nameOf(server)}`,
        fix: startFix(found, server),
      },
    ];
  if (listening.some(({ address }) => address === '*' || address === wanted)) return [];
  const bound = [...new Set(listening.map(({ address }) => address))].join(', ');
  return [
    {
      check: 'listener-address',
      host,
      cause: `port ${server.port}/${service.protocol} of ${nameOf(server)} is bound to ${bound} only: connections to ${wanted} are refused`,
      fix: bindFix(found, server, wanted),
    },
  ];
}

/** FTP servers are the role ftp's; of others lvsctl knows neither program nor configuration. */
const ours = (service: Service): boolean => service.port === 21 && service.protocol === 'tcp';

function startFix({ service, file }: Case, { host, port }: ServiceRealServer): Fix {
  if (ours(service)) return provisionFix(file, host);
  return { advice: `start the program that serves ${port}/${service.protocol} on ${host}` };
}

function bindFix({ service, file }: Case, { host, port }: ServiceRealServer, address: string): Fix {
  if (ours(service)) return provisionFix(file, host);
  return {
    advice: `let the program that serves ${port}/${service.protocol} on ${host} listen on ${address}, or on every address`,
  };
}
