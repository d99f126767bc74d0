import type { Facts } from '../../src/engine/facts.js';
import type { Cluster, ClusterHost, Service, ServiceRealServer } from '../../src/inventory/cluster.js';
import { keepalivedRuns } from '../../src/inventory/keepalived.js';
import {
  daemonArgs,
  destinationKey,
  destinationOf,
  recordPath,
  renderArgs,
  serviceIdentity,
  serviceKey,
  timeoutArgs,
  wantedService,
  wantedTable,
} from '../../src/ipvs/index.js';
import { interfaceLabel, legacyPrograms, oneLine, ownChain, ownTable } from '../../src/resources/index.js';
import { quote, template } from '../../src/shell/index.js';
import { directorModules } from '../ipvsadm/modules.js';
import { directorVips, isIPv4, neighbourOf, vipPrefix } from '../vips.js';
import { checkSettings } from './keepalived.js';
import { markLines } from './marks.js';
import { masqueradeLines, trackingSettings } from './masquerade.js';
import { reuseSettings } from './reuse.js';
import { directorSettings } from './settings.js';

const renderScript = template(import.meta.url, 'templates/director.sh.hbs');

export interface DirectorScript {
  readonly cluster: Cluster;
  readonly host: ClusterHost;
  readonly facts: Facts;
  /** Real servers that are held back: they stay in the script if it has them, and are not added, as in the table itself. */
  readonly unready: ReadonlyMap<string, string>;
  /** The script as it is on the host. */
  readonly present: string | undefined;
}

/** The tutorial's script, corrected: it never clears the table, and can be run any number of times. */
export function directorScript(options: DirectorScript): string {
  const { cluster, host, facts } = options;
  const vips = directorVips(cluster, host);
  // keepalived has the VIPs, the table and what holds for the whole of it; it starts at boot by itself.
  const byKeepalived = keepalivedRuns(cluster, host);
  const settings = [
    ...directorSettings(vips, host.interface),
    ...(byKeepalived ? checkSettings(cluster, host) : []),
  ];
  return renderScript({
    cluster: oneLine(cluster.name),
    host: oneLine(host.name),
    byIp: facts.commands.has('ip'),
    six: !byKeepalived && vips.some((vip) => !isIPv4(vip.address)),
    settings: settings.map(({ key, value }) => ({ key, value })),
    modules: directorModules(cluster, host),
    byKeepalived,
    vips: (byKeepalived ? [] : vips).map((vip) => ({
      address: vip.address,
      prefix: vipPrefix(vip.address),
      device: host.interface,
      v6: !isIPv4(vip.address),
      label: interfaceLabel(host.interface, isIPv4(vip.address) ? vip.label : undefined) ?? '',
      route: isIPv4(vip.address) && !facts.commands.has('ip') && facts.commands.has('route'),
    })),
    services: byKeepalived ? [] : tableWords(options),
    tableSettings: [...trackingSettings(cluster, host), ...reuseSettings(cluster, host, facts)].map(
      ({ key, value, optional = false }) => ({ key, value, optional }),
    ),
    ...filterRules(cluster, host, facts),
    recordPath,
    legacyPrograms: legacyPrograms.text,
    ownChain: ownChain.text,
    ownTable: ownTable.text,
    timeouts: byKeepalived || cluster.ipvs?.timeouts === undefined ? [] : timeoutArgs(cluster.ipvs.timeouts),
    daemons: byKeepalived ? [] : daemonWords(cluster, host),
    neighbour: neighbourOf(cluster, host) ?? '',
  });
}

/** Rules of nft or iptables in tables and chains of our own. */
function filterRules(cluster: Cluster, host: ClusterHost, facts: Facts) {
  const marks = markLines(cluster, host, facts);
  const masquerade = masqueradeLines(cluster, host, facts);
  return {
    marks,
    masquerade,
    byNft: marks.nft.length + masquerade.nft.length > 0,
    byIptables: marks.iptables.length + masquerade.iptables.length > 0,
  };
}

/** State of each sync daemon, and the arguments of ipvsadm that start it. */
function daemonWords({ ipvs }: Cluster, host: ClusterHost): { state: string; words: string[] }[] {
  const sync = ipvs?.sync;
  if (sync === undefined) return [];
  const settings = { interface: host.interface, ...sync };
  return (['master', 'backup'] as const).map((state) => ({ state, words: daemonArgs(state, settings) }));
}

interface ServerLine {
  readonly host: string;
  /** Of the service, as the record of weights names it. */
  readonly name: string;
  readonly weight: number;
  readonly words: readonly string[];
}

/** Arguments of ipvsadm by service, without the operation: the script tries adding, then editing. */
function tableWords(options: DirectorScript): { words: string[]; servers: ServerLine[] }[] {
  const { cluster, host, unready, present } = options;
  const { held } = wantedTable(cluster, host.name, unready);
  const isHeld = (service: Service, realServer: ServiceRealServer): boolean =>
    held.some(
      (one) =>
        serviceKey(one.service) === serviceKey(serviceIdentity(service)) &&
        destinationKey(one) === destinationKey(destinationOf(service, realServer)),
    );
  return cluster.services
    .filter(({ directors }) => directors.includes(host.name))
    .map((service) => ({
      words: renderArgs({ kind: 'addService', service: wantedService(service, []) }).slice(1),
      servers: service.realServers
        .map((realServer) => ({ realServer, words: serverWords(service, realServer) }))
        .filter(({ realServer, words }) => !isHeld(service, realServer) || hasServer(present, words))
        .map(({ realServer: { host: of, weight }, words }) => ({
          host: of,
          name: service.name,
          weight,
          words,
        })),
    }));
}

/** All but the weight, which the script may find in the record. */
function serverWords(service: Service, realServer: ServiceRealServer): string[] {
  const { id, destinations } = wantedService(service, [realServer]);
  return destinations.flatMap((destination) =>
    renderArgs({ kind: 'addDestination', id, destination: { ...destination, weight: undefined } }).slice(1),
  );
}

/** Whether the script has this server of this service, whatever its weight. Scripts of lvsctl before `drain` name no host. */
function hasServer(script: string | undefined, words: readonly string[]): boolean {
  const name = words
    .slice(0, words.indexOf('-r') + 2)
    .map(quote)
    .join(' ');
  return (script ?? '')
    .split('\n')
    .some((line) => line.replace(/^server \S+ \S+ \d+ /, 'server ').startsWith(`server ${name} `));
}
