import { conf, effective } from '../../verify/evidence.js';
import { holders } from '../../verify/interfaces.js';
import { setting } from '../../verify/reason.js';
import { confKey, quietFix } from '../../verify/reasons-arp.js';
import { nameOf } from '../../verify/share.js';
import type { Check, Scene } from '../check.js';
import { evidence } from '../probes.js';
import { type Party, serversOf } from './parties.js';

const byArp = ({ forwarding, vip }: Scene['service']): boolean => forwarding !== 'nat' && !vip.includes(':');

/** Holds the VIP and is kept quiet by flags, if at all: hidden kernels and arptables have rules of their own. */
function loud(scene: Scene): ReturnType<typeof serversOf> {
  return serversOf(scene).filter(
    ({ evidence: told }) =>
      holders(told.interfaces, scene.service.vip).length > 0 &&
      !(conf(told, 'all', 'hidden') === 1 && conf(told, 'lo', 'hidden') === 1),
  );
}

const flags = ({ evidence: told, nic }: Party, key: string): string =>
  `${key} is ${conf(told, 'all', key) ?? '?'} on all, ${conf(told, nic, key) ?? '?'} on ${nic}; the greater one counts`;

export const arpIgnore: Check = {
  id: 'arp-ignore',
  symptom: 'some clients always reach the same real server, as soon as it answers ARP first',
  where: 'realServer',
  severity: 'some',
  concerns: byArp,
  probes: [evidence],
  rule: (scene) =>
    loud(scene).flatMap((party) => {
      // Seen at work, it is told of as arp-answer.
      if (scene.arp?.some(({ host }) => host === party.host)) return [];
      if (effective(party.evidence, party.nic, 'arp_ignore') !== 0) return [];
      return [
        {
          host: party.host,
          cause: `${nameOf(party.server)} holds VIPs on lo and nothing keeps it from answering ARP for them: arp_ignore is 0`,
          evidence: flags(party, 'arp_ignore'),
          fix: quietFix(party.host),
        },
      ];
    }),
};

export const arpAnnounce: Check = {
  id: 'arp-announce',
  symptom:
    'neighbours of a real server, its router first, take its MAC address for the VIP’s when it asks them by ARP',
  where: 'realServer',
  severity: 'later',
  concerns: byArp,
  probes: [evidence],
  rule: (scene) =>
    loud(scene).flatMap((party) => {
      const announce = effective(party.evidence, party.nic, 'arp_announce');
      if (announce === undefined || announce >= 2) return [];
      return [
        {
          host: party.host,
          cause: `${nameOf(party.server)} may ask by ARP in the name of its VIPs: arp_announce is ${announce}, not 2`,
          evidence: flags(party, 'arp_announce'),
          fix: setting(party.host, [confKey('all', 'arp_announce'), 2]),
        },
      ];
    }),
};
