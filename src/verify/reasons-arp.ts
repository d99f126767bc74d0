import { join } from 'node:path';
import type { Service } from '../inventory/cluster.js';
import { renderCommand } from '../inventory/systems.js';
import { sh } from '../shell/index.js';
import { dropCommand } from './address-fix.js';
import { conf, effective, type HostEvidence } from './evidence.js';
import type { Case } from './explain.js';
import { foreignHost, foreignServers, whoseMac, whyForeignAnswers } from './explain-foreign.js';
import { holders } from './interfaces.js';
import { discoveryOf } from './ndisc.js';
import { type Fix, onHost, type Reason, serviceKeyPath, setting } from './reason.js';
import { titled } from './share.js';

/** `net/ipv4/conf/eth0/arp_ignore`. */
export const confKey = (device: string, key: string): string => join('net/ipv4/conf', device, key);

/** Who else than the director answers ARP for the VIP, and why; and why the director doesn't. */
export function arpReasons(found: Case): Reason[] {
  const { arp, director, testimony, service } = found;
  if (arp === undefined) return [];
  const own = arp.filter(({ host }) => host === director);
  const evidence = testimony.get(director);
  // Of a director that can't be asked the MAC address is not known: one that is nobody else's may well be its.
  const unknown = evidence !== undefined && 'unreachable' in evidence;
  const others = arp
    .filter(({ host }) => host !== director && !(unknown && host === undefined))
    .map(({ mac, host }) => stranger(found, mac, host));
  if (own.length > 1)
    others.push({
      check: 'director-arp',
      host: director,
      cause: `${titled(director)} answers ${discoveryOf(service.vip)} for ${service.vip} with ${own.length} MAC addresses (${own.map(({ mac }) => mac).join(', ')}): several of its NICs are in that network, set arp_ignore to 1 on it`,
      fix: setting(director, [confKey('all', 'arp_ignore'), 1]),
    });
  if (own.length === 0 && evidence && 'interfaces' in evidence)
    others.push(...silentDirector(found, evidence));
  return others;
}

function silentDirector({ service, director, hosts }: Case, evidence: HostEvidence): Reason[] {
  const device = holders(evidence.interfaces, service.vip)[0]?.device;
  if (device === undefined) return [];
  const nic = hosts.get(director)?.interface ?? device;
  const ignore = effective(evidence, nic, 'arp_ignore') ?? 0;
  const up = evidence.tools.has('ip') ? sh`ip link set dev ${nic} up` : sh`ifconfig ${nic} up`;
  const loud = setting(director, [confKey('all', 'arp_ignore'), 0], [confKey(nic, 'arp_ignore'), 0]);
  return [
    {
      check: 'director-arp',
      host: director,
      cause: `${titled(director)} does not answer ${discoveryOf(service.vip)} for ${service.vip}, which it holds on ${device}: check its link and arp_ignore`,
      fix: ignore === 0 ? onHost(director, up) : loud,
    },
  ];
}

function stranger(found: Case, mac: string, host: string | undefined): Reason {
  const { hosts, service, file } = found;
  const address = host === undefined ? undefined : hosts.get(host)?.address;
  const check = 'arp-answer';
  if (host === undefined || address === undefined) {
    const [foreign] = foreignServers(found);
    return {
      check,
      cause: `${mac} answers ${discoveryOf(service.vip)} for ${service.vip}: ${whoseMac(found)}`,
      fix: foreign
        ? { command: renderCommand(file, foreign.name) }
        : { key: serviceKeyPath(service, 'vip'), value: 'an address that no other machine has' },
    };
  }
  const foreign = foreignHost(found, host);
  const { why, fix } = foreign
    ? { why: whyForeignAnswers(found, foreign), fix: { command: renderCommand(file, host) } }
    : whyAnswers(found, host);
  return {
    check,
    host,
    cause: `${address} answers ${discoveryOf(service.vip)} for ${service.vip}: ${why}`,
    fix,
  };
}

function whyAnswers({ hosts, testimony, service, file }: Case, host: string): { why: string; fix: Fix } {
  const { vip } = service;
  const evidence = testimony.get(host);
  const look: Fix = { command: sh`lvsctl explain ${file} ${host}`.text };
  if (!evidence) return { why: `${host} is not the director`, fix: look };
  if ('unreachable' in evidence)
    return { why: `${host} can't be asked why (${evidence.unreachable})`, fix: look };
  const nic = hosts.get(host)?.interface ?? 'eth0';
  const held = holders(evidence.interfaces, vip);
  const devices = held.map(({ device }) => device);
  const drop = (device: string | undefined): Fix => {
    const one = held.find((each) => each.device === device);
    return onHost(host, dropCommand(evidence, vip, one?.prefix, one?.device ?? nic, service.label));
  };
  if (service.directors.includes(host))
    return {
      why: `it is another director and holds the VIP on ${devices.join(', ')}`,
      fix: drop(devices[0]),
    };
  if (held.length === 0) return notHeld(host, nic, evidence, service);
  const onNic = devices.filter(
    (device) => !/^(lo|tunl0|sit0|ip6tnl0|(ip6)?gre0|lvsgre6?|dummy.*)$/.test(device),
  );
  // IPv6 is answered only for addresses of the interface that was asked.
  if (vip.includes(':'))
    return onNic.length > 0
      ? {
          why: `it holds the VIP on ${onNic.join(', ')}; a real server holds it on lo`,
          fix: drop(onNic[0]),
        }
      : { why: 'though it holds the VIP on no NIC now: proxy_ndp, or an answer from before', fix: look };
  const ignore = effective(evidence, nic, 'arp_ignore');
  if (ignore !== undefined && ignore > 0 && onNic.length > 0)
    return {
      why: `it holds the VIP on ${onNic.join(', ')}, where arp_ignore ${ignore} does not keep it quiet; a real server holds it on lo`,
      fix: drop(onNic[0]),
    };
  const quiet = quietFix(host);
  if (ignore === 0) return { why: 'arp_ignore is 0', fix: quiet };
  if (ignore !== undefined)
    return {
      why: `arp_ignore is ${ignore} now, so it was set after the answer, or the answer is a proxy's`,
      fix: quiet,
    };
  return whyNotHidden(host, devices[0] ?? 'lo', evidence, look);
}

/** As the role `arp` sets it. */
export const quietFix = (host: string): Fix =>
  setting(host, [confKey('all', 'arp_ignore'), 1], [confKey('all', 'arp_announce'), 2]);

function notHeld(
  host: string,
  nic: string,
  evidence: HostEvidence,
  service: Service,
): { why: string; fix: Fix } {
  const proxying = effective(evidence, nic, 'proxy_arp');
  if (proxying)
    return {
      why: `proxy_arp is ${proxying}`,
      fix: setting(host, [confKey('all', 'proxy_arp'), 0], [confKey(nic, 'proxy_arp'), 0]),
    };
  return {
    why: `${host} did hold the VIP then, but does no longer`,
    fix: { advice: `find out what puts ${service.vip} on ${host} from time to time` },
  };
}

function whyNotHidden(
  host: string,
  device: string,
  evidence: HostEvidence,
  look: Fix,
): { why: string; fix: Fix } {
  const hidden = conf(evidence, 'all', 'hidden');
  const hiddenHere = conf(evidence, device, 'hidden');
  if (hidden === undefined) return { why: 'its kernel has neither arp_ignore nor hidden', fix: look };
  if (hidden === 0 || hiddenHere === 0)
    return {
      why: `hidden is 0 on ${hidden === 0 ? 'all' : device}`,
      fix: setting(host, [confKey('all', 'hidden'), 1], [confKey(device, 'hidden'), 1]),
    };
  return { why: 'though it holds the VIP hidden', fix: look };
}
