import type { Cluster, Service } from '../../inventory/cluster.js';
import { keepalivedRuns } from '../../inventory/keepalived.js';
import { vipChecks } from '../../keepalived/index.js';
import { trusted } from '../../shell/index.js';
import { conf } from '../../verify/evidence.js';
import { onHost, provisionFix, setting } from '../../verify/reason.js';
import { confKey } from '../../verify/reasons-arp.js';
import { titled } from '../../verify/share.js';
import type { Check, Told } from '../check.js';
import { packetFilter } from '../netfilter/index.js';
import { evidence, keepalivedProcess } from '../probes.js';
import { openFix, refusalShown } from './filter.js';
import { partyOf } from './parties.js';

const kept = ({ directors }: Service, cluster: Cluster): boolean =>
  directors.some((name) => {
    const host = cluster.hosts.get(name);
    return host !== undefined && keepalivedRuns(cluster, host);
  });

export const keepalivedDown: Check = {
  id: 'keepalived-down',
  symptom: 'nobody holds the VIP, or nobody takes it over when the other director dies',
  where: 'director',
  severity: 'later',
  concerns: kept,
  probes: [evidence, keepalivedProcess],
  rule: (scene) =>
    scene.service.directors.flatMap((host): Told[] => {
      if (scene.look(host, keepalivedProcess) !== false) return [];
      const systemd = partyOf(scene, host)?.evidence.tools.has('systemctl') === true;
      return [
        {
          host,
          cause: `keepalived does not run on ${titled(host)}, which has its VIPs and checks from it`,
          evidence: '`pidof keepalived` finds nothing',
          fix: systemd ? onHost(host, trusted('systemctl start keepalived')) : provisionFix(scene.file, host),
        },
      ];
    }),
};

/** Answers to checks at the VIP come from an address of the director's own: martians, unless they are let in. */
export const acceptLocal: Check = {
  id: 'accept-local',
  symptom: 'keepalived takes every real server out, though all serve',
  where: 'director',
  severity: 'stops',
  concerns: (service, cluster) => kept(service, cluster) && (service.checks ?? []).length > 0,
  probes: [evidence],
  rule: (scene) =>
    scene.service.directors.flatMap((name): Told[] => {
      const party = partyOf(scene, name);
      const host = scene.hosts.get(name);
      if (party === undefined || host === undefined || scene.service.vip.includes(':')) return [];
      if (vipChecks(scene.cluster, host).size === 0) return [];
      const values = [
        conf(party.evidence, 'all', 'accept_local'),
        conf(party.evidence, party.nic, 'accept_local'),
      ];
      if (values.some((value) => value === undefined || value > 0)) return [];
      return [
        {
          host: name,
          cause: `accept_local is 0 on ${party.nic} of ${titled(name)}: it drops the answers to keepalived’s checks at the VIP`,
          evidence: 'accept_local is 0 on all, and there',
          fix: setting(name, [confKey(party.nic, 'accept_local'), 1]),
        },
      ];
    }),
};

export const vrrpFilter: Check = {
  id: 'vrrp-filter',
  symptom: 'two directors hold the VIP: they do not hear each other',
  where: 'director',
  severity: 'stops',
  concerns: (service, cluster) => service.directors.length > 1 && kept(service, cluster),
  probes: [evidence, packetFilter],
  rule: (scene) =>
    scene.service.directors.flatMap((name): Told[] => {
      const party = partyOf(scene, name);
      const other = scene.hosts.get(scene.service.directors.find((one) => one !== name) ?? '');
      if (party === undefined || other === undefined) return [];
      const unicast = scene.cluster.keepalived?.unicast ?? true;
      const packet = {
        source: other.address,
        destination: unicast ? party.address : '224.0.0.18',
        protocol: 'vrrp' as const,
        port: undefined,
        interface: party.nic,
      };
      const refusal = scene.look(name, packetFilter)?.refuses(packet);
      if (refusal === undefined) return [];
      return [
        {
          host: name,
          cause: `the packet filter of ${titled(name)} ${refusal.verdict}s VRRP from ${other.name} (${other.address})`,
          evidence: refusalShown(refusal),
          fix: openFix(name, packet, refusal),
        },
      ];
    }),
};
