import type { ClusterHost, Service } from '../../inventory/cluster.js';
import { isForeign, renderCommand } from '../../inventory/systems.js';
import { type Fix, provisionFix, type Reason } from '../reason.js';
import { nameOf, titled } from '../share.js';
import type { Question } from './question.js';
import type { VipAnswer } from './script.js';

/** Who was asked, by whom. */
export interface VipCase {
  /** Path of the inventory, for commands that are named. */
  readonly file: string;
  readonly service: Service;
  readonly hosts: ReadonlyMap<string, ClusterHost>;
  readonly director: string;
}

/** Why a real server does not take what the director sends on to it; empty when it does. Pure. */
export function vipReasons(found: VipCase, question: Question, answer: VipAnswer): Reason[] {
  if (answer.unasked === 'from-vip') return [];
  const { service, director } = found;
  const { server, by, bySyn } = question;
  const name = nameOf(server);
  const of = (check: string, cause: string, fix: Fix): Reason[] => [{ check, host: server.host, cause, fix }];
  const at = bySyn ? `${bracketed(service.vip)}:${service.port}` : service.vip;
  const { vip, own, vipEcho, ownEcho, link, unasked } = answer;

  if (unasked === 'no-route')
    return of('server-route', `${titled(director)} has no route to ${name}`, {
      advice: `give ${director} a route to ${server.address}`,
    });
  if (vip === 'accepted' || (!bySyn && vipEcho)) return [];
  if (vip === 'refused')
    return of(
      'vip-refused',
      `${name} refuses connections to ${at}: nothing listens there${own === 'accepted' ? `, though at ${server.address} something does` : ''}`,
      { advice: `let its program listen on ${service.vip}, or on every address` },
    );
  if (vip === 'rejected' || vipEcho)
    return of(
      'vip-filtered',
      `${name} holds ${service.vip}, but ${vip === 'rejected' ? 'rejects' : 'does not answer'} connections to ${at}: a packet filter there, or a full queue`,
      { advice: `let ${service.port}/${service.protocol} to ${service.vip} in on ${server.host}` },
    );
  if (link === 'no-tunnel')
    return of(
      'tunnel-receiver',
      `${name} takes no ${by === 'gre-checksum' ? 'gre' : by} packets, in which ${titled(director)} sends what is for ${service.vip}`,
      mending(found, server.host),
    );
  const alive = own !== undefined || ownEcho;
  if (alive && link === 'none')
    return of(
      'server-link',
      `${name} is not on the network of ${titled(director)}, so forwarding dr can't reach it`,
      { advice: 'use forwarding tun, or a real server of the same network' },
    );
  if (alive)
    return of(
      'vip-unanswered',
      `${name} gives ${titled(director)} no answer at ${at}, but one at ${server.address}: it does not hold ${service.vip} ${by === 'dr' ? 'on lo' : 'on its tunnel, or drops what comes out of it (rp_filter)'}`,
      mending(found, server.host),
    );
  return of(
    'server-silent',
    `${name} gives ${titled(director)} no answer, neither at ${at} nor at ${server.address}`,
    { advice: `is ${server.host} up, and does a packet filter let ${director} in?` },
  );
}

/** What makes the host hold the VIP as it must. */
function mending({ file, hosts }: VipCase, host: string): Fix {
  const known = hosts.get(host);
  return known && isForeign(known) ? { command: renderCommand(file, host) } : provisionFix(file, host);
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
