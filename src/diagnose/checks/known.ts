import { destinationKey, destinationOf } from '../../ipvs/index.js';
import { nameOf } from '../../verify/share.js';
import { hasVipOnServers, vipReasons } from '../../verify/vips/index.js';
import type { Check, Scene, Severity, Told, Where } from '../check.js';
import { atVip, evidence, recordedWeights, schedulers, table } from '../probes.js';
import { traffic } from '../traffic.js';
import { entryOf } from './director.js';

/** A cause that `verify` names too, by the same rule (src/verify/reasons-*.ts). */
function known(
  id: string,
  where: Where,
  severity: Severity,
  symptom: string,
  more: Partial<Pick<Check, 'concerns' | 'probes' | 'rule' | 'lastResort'>> = {},
): Check {
  return { id, where, severity, symptom, probes: [evidence], rule: (scene) => reasons(scene, id), ...more };
}

function reasons(scene: Scene, id: string): Told[] {
  return scene.reasons.filter(({ check }) => check === id).map(({ check: _, ...told }) => told);
}

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
  return reasons(scene, 'weight-differs').filter(
    ({ cause }) => !asSet.some((name) => cause.startsWith(`${name} `)),
  );
}

export const unreachable = [
  known('unreachable', 'director', 'stops', 'lvsctl can’t look at the host, and perhaps nobody reaches it', {
    rule: (scene) =>
      reasons(scene, 'unreachable').filter(({ host }) => scene.service.directors.includes(host ?? '')),
  }),
  known(
    'server-unreachable',
    'realServer',
    'some',
    'lvsctl can’t look at the host, and perhaps nobody reaches it',
    {
      rule: (scene) =>
        reasons(scene, 'unreachable').filter(({ host }) => !scene.service.directors.includes(host ?? '')),
    },
  ),
];

export const directorState = [
  known('director-vip', 'director', 'stops', 'no route to the VIP: nobody answers ARP for it'),
  known('ip-vs', 'director', 'stops', 'connections to the VIP are refused'),
  known('service-missing', 'director', 'stops', 'connections to the VIP are refused', {
    // A scheduler without its module is a cause of its own.
    rule: (scene) =>
      scene.look(scene.director, schedulers)?.get(scene.service.scheduler) === false
        ? []
        : reasons(scene, 'service-missing'),
    probes: [evidence, schedulers],
  }),
  known('ip-forward', 'director', 'stops', 'SYN goes in, nothing comes out', {
    concerns: ({ forwarding }) => forwarding === 'nat',
  }),
  known('director-arp', 'probe', 'stops', 'the VIP is at no MAC address, or at several of the director', {
    probes: [traffic],
  }),
];

export const tableDrift = [
  known('scheduler-differs', 'director', 'later', 'shares are not those of the weights'),
  known('server-missing', 'director', 'later', 'a real server gets no connections'),
  known('weight-differs', 'director', 'later', 'shares are not those of the weights', {
    rule: weightReasons,
    probes: [evidence, table, recordedWeights],
  }),
  known('forwarding-differs', 'director', 'some', 'connections to one real server hang'),
  known('foreign-server', 'director', 'some', 'some connections end at a host that nobody knows of'),
];

export const arpAnswer = known(
  'arp-answer',
  'probe',
  'some',
  'some clients always reach the same real server, and the director counts nothing',
  { probes: [traffic] },
);

export const serverState = [
  known('server-vip', 'realServer', 'some', 'connections to one real server hang in SYN_RECV', {
    concerns: ({ forwarding }) => forwarding !== 'nat',
  }),
  known('vip-mask', 'realServer', 'some', 'the real server loses its LAN, and answers for a whole network', {
    concerns: ({ forwarding }) => forwarding !== 'nat',
  }),
  known('listener', 'realServer', 'some', 'connections to one real server are refused', {
    concerns: ({ protocol }) => protocol !== 'sctp',
  }),
  known('listener-address', 'realServer', 'some', 'connections to one real server are refused', {
    concerns: ({ protocol }) => protocol !== 'sctp',
  }),
  known('foreign-system', 'realServer', 'some', 'connections to one real server fail'),
];

export const returnPath = [
  known(
    'nat-gateway',
    'realServer',
    'some',
    'SYN_RECV; the client sees a SYN-ACK from the real server’s own address',
    {
      concerns: ({ forwarding }) => forwarding === 'nat',
    },
  ),
  known(
    'tunnel-rp-filter',
    'realServer',
    'some',
    'the real server drops what comes out of the tunnel (martian)',
    {
      concerns: ({ forwarding }) => forwarding === 'tun',
    },
  ),
];

/** Any fault of the real server makes it fail, so this says something only where no cause is known. */
export const notServing = known('not-serving', 'realServer', 'some', 'connections to one real server fail', {
  lastResort: true,
});

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
      return vipReasons(scene, question, answer).map(({ check: _, ...told }) => told);
    });
  },
};
