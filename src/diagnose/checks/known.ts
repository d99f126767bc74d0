import { destinationKey, destinationOf, serviceKey } from '../../ipvs/index.js';
import { nameOf } from '../../verify/share.js';
import { hasVipOnServers, vipReasons } from '../../verify/vips/index.js';
import type { Check, Scene, Severity, Told, Where } from '../check.js';
import { atVip, evidence, recordedWeights, schedulers, table } from '../probes.js';
import { traffic } from '../traffic.js';
import { entryOf } from './director.js';
import { rivals } from './parties.js';
import { addressesShown, answersShown, listenersShown, type Shown, tableShown } from './shown.js';

/** A cause that `verify` names too, by the same rule (src/verify/reasons-*.ts); `shown` says what is to be seen of it. */
function known(
  id: string,
  where: Where,
  severity: Severity,
  symptom: string,
  shown: Shown,
  more: Partial<Pick<Check, 'concerns' | 'probes' | 'rule' | 'lastResort'>> = {},
): Check {
  return { id, where, severity, symptom, probes: [evidence], rule: reasons(id, shown), ...more };
}

const reasons =
  (id: string, shown: Shown) =>
  (scene: Scene): Told[] =>
    scene.reasons
      .filter(({ check }) => check === id)
      .map((reason) => {
        const { check: _, ...told } = reason;
        return { ...told, evidence: told.evidence ?? shown(scene, reason) };
      });

const addresses: Shown = (scene, { host }) => addressesShown(scene, host);
const listeners: Shown = (scene, { host }) => listenersShown(scene, host);
const gateways: Shown = (scene, { host }) => {
  const told = host === undefined ? undefined : scene.look(host, evidence);
  return `default gateways of ${host}: ${told?.defaultGateways.join(', ') || 'none'}`;
};
const servicesShown: Shown = (scene, { host }) => {
  const services = scene.look(host ?? '', table)?.services ?? [];
  return `in the table of ${host}: ${services.map(({ id }) => serviceKey(id)).join(', ') || 'nothing'}`;
};
const login: Shown = (_, { host }) => `the login to ${host} failed`;
const direct: Shown = ({ probes, service }, { host }) =>
  `a connection from ${probes.join(', ')} to ${host} itself, port ${service.port}`;

/** What an operator, or a check of keepalived, has set is no drift. */
function weightReasons(scene: Scene): Told[] {
  if (scene.keepalived) return [];
  const { service, director } = scene;
  const entries = new Map(entryOf(scene)?.destinations.map((one) => [destinationKey(one), one.weight]));
  // The reasons name real servers by host and address, so those that are as recorded are left out by them.
  const asSet = (scene.look(director, recordedWeights) ?? []).flatMap((record) =>
    service.realServers
      .filter(({ host }) => record.service === service.name && record.host === host)
      .filter((server) => entries.get(destinationKey(destinationOf(service, server))) === record.weight)
      .map((server) => nameOf(server)),
  );
  return reasons(
    'weight-differs',
    tableShown,
  )(scene).filter(({ cause }) => !asSet.some((name) => cause.startsWith(`${name} `)));
}

const UNREACHABLE = 'lvsctl can’t look at the host, and perhaps nobody reaches it';
const directs = ({ service }: Scene, { host }: Told): boolean => service.directors.includes(host ?? '');

export const unreachable = [
  known('unreachable', 'director', 'stops', UNREACHABLE, login, {
    rule: (scene) => reasons('unreachable', login)(scene).filter((told) => directs(scene, told)),
  }),
  known('server-unreachable', 'realServer', 'some', UNREACHABLE, login, {
    rule: (scene) => reasons('unreachable', login)(scene).filter((told) => !directs(scene, told)),
  }),
];

const REFUSED = 'connections to the VIP are refused';

export const directorState = [
  known('director-vip', 'director', 'stops', 'no route to the VIP: nobody answers ARP for it', addresses),
  known('ip-vs', 'director', 'stops', REFUSED, (_, { host }) => `/proc/net/ip_vs of ${host} can’t be read`),
  known('service-missing', 'director', 'stops', REFUSED, tableShown, {
    // A scheduler without its module is a cause of its own.
    rule: (scene) =>
      scene.look(scene.director, schedulers)?.get(scene.service.scheduler) === false
        ? []
        : reasons('service-missing', servicesShown)(scene),
    probes: [evidence, table, schedulers],
  }),
  known(
    'ip-forward',
    'director',
    'stops',
    'SYN goes in, nothing comes out',
    () => 'net.ipv4.ip_forward = 0',
    {
      concerns: ({ forwarding }) => forwarding === 'nat',
    },
  ),
  known(
    'director-arp',
    'probe',
    'stops',
    'the VIP is at no MAC address, or at several of the director',
    answersShown,
    { probes: [traffic] },
  ),
];

const tableOf = { probes: [evidence, table] };

export const tableDrift = [
  known('scheduler-differs', 'director', 'later', 'shares are not those of the weights', tableShown, tableOf),
  known('server-missing', 'director', 'later', 'a real server gets no connections', tableShown, tableOf),
  known('weight-differs', 'director', 'later', 'shares are not those of the weights', tableShown, {
    rule: weightReasons,
    probes: [evidence, table, recordedWeights],
  }),
  known('forwarding-differs', 'director', 'some', 'connections to one real server hang', tableShown, tableOf),
  known(
    'foreign-server',
    'director',
    'some',
    'some connections end at a host that nobody knows of',
    tableShown,
    tableOf,
  ),
];

export const arpAnswer = known(
  'arp-answer',
  'probe',
  'some',
  'some clients always reach the same real server, and the director counts nothing',
  answersShown,
  {
    probes: [traffic],
    rule: (scene) => reasons('arp-answer', answersShown)(scene).filter(({ host }) => !rivals(scene, host)),
  },
);

const holdsVip: Pick<Check, 'concerns'> = { concerns: ({ forwarding }) => forwarding !== 'nat' };
const listens: Pick<Check, 'concerns'> = { concerns: ({ protocol }) => protocol !== 'sctp' };

export const serverState = [
  known(
    'server-vip',
    'realServer',
    'some',
    'connections to one real server hang in SYN_RECV',
    addresses,
    holdsVip,
  ),
  known(
    'vip-mask',
    'realServer',
    'some',
    'the real server loses its LAN, and answers for a whole network',
    addresses,
    holdsVip,
  ),
  known('listener', 'realServer', 'some', 'connections to one real server are refused', listeners, listens),
  known(
    'listener-address',
    'realServer',
    'some',
    'connections to one real server are refused',
    listeners,
    listens,
  ),
  known('foreign-system', 'realServer', 'some', 'connections to one real server fail', direct),
];

export const returnPath = [
  known(
    'nat-gateway',
    'realServer',
    'some',
    'SYN_RECV; the client sees a SYN-ACK from the real server’s own address',
    gateways,
    { concerns: ({ forwarding }) => forwarding === 'nat' },
  ),
  known(
    'tunnel-rp-filter',
    'realServer',
    'some',
    'the real server drops what comes out of the tunnel (martian)',
    addresses,
    { concerns: ({ forwarding }) => forwarding === 'tun' },
  ),
];

/** Any fault of the real server makes it fail, so this says something only where no cause is known. */
export const notServing = known(
  'not-serving',
  'realServer',
  'some',
  'connections to one real server fail',
  direct,
  { lastResort: true },
);

/** By packets as IPVS would send them (src/verify/vips): what the hosts themselves say is more exact, where it says anything. */
export const unansweredAtVip: Check = {
  id: 'at-vip',
  symptom: 'connections to one real server hang',
  where: 'director',
  severity: 'some',
  lastResort: true,
  concerns: hasVipOnServers,
  probes: [atVip],
  rule: (scene) => {
    const heard = scene.look(scene.director, atVip)?.get(scene.service.name);
    return (heard?.questions ?? []).flatMap((question, i) => {
      const answer = heard?.answers[i];
      // A ping may stay unanswered for no fault.
      if (answer === undefined || !question.bySyn) return [];
      const { vip, own, vipEcho, ownEcho } = answer;
      const said = (word: string | undefined, echo: boolean) => word ?? (echo ? 'an echo alone' : 'nothing');
      return vipReasons(scene, question, answer).map(({ check: _, ...told }) => ({
        ...told,
        evidence: `at the VIP ${question.server.host} says ${said(vip, vipEcho)}, at its own address ${said(own, ownEcho)}`,
      }));
    });
  },
};
