import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import {
  address,
  bootScript,
  greWithChecksumWords,
  hostRoute,
  interfaceKey,
  interfaceLabel,
  legacyPrograms,
  noAddress,
  oneLine,
  ownChain,
  ownTable,
  persistentSysctl,
  redirectRules,
  type SysctlSetting,
  sysctl,
} from '../../src/resources/index.js';
import { template } from '../../src/shell/index.js';
import { type Quiet, quietWay } from '../arp/quiet.js';
import { LEGACY_IPTABLES } from '../director/marks.js';
import { noParams } from '../noParams.js';
import { isIPv4, realServerVips, type Vip, vipPrefix } from '../vips.js';
import { gatewayRoute, gatewaySettings, gatewaysOf, routeWords } from './gateway.js';
import { mssLines, mssResources, mssRules, untoldSegments } from './mss.js';
import {
  deviceOf,
  isHidden,
  modulesOf,
  rpFilterOf,
  type Tunnels,
  tunnelResources,
  tunnelsOf,
} from './tunnels.js';

const renderScript = template(import.meta.url, 'templates/realserver.sh.hbs');
const ipForward: SysctlSetting = { key: 'net/ipv4/ip_forward', value: 0 };

export default defineRole({
  name: 'realserver',
  description: 'holds the VIPs quietly, so that a real server takes what the director passes on',
  params: noParams,
  wants: { commands: ['ip', 'ifconfig', 'route', 'nft', 'iptables'], paths: [LEGACY_IPTABLES] },
  appliesTo: (host, cluster) =>
    realServerVips(cluster, host).length > 0 || gatewaysOf(cluster, host).length > 0,
  resources({ cluster, host, facts }) {
    const vips = realServerVips(cluster, host);
    const quiet = quietWay(cluster, host, facts);
    const tunnels = tunnelsOf(vips, host);
    const settings = settingsOf(cluster, host);
    return [
      ...settings.map((setting) => sysctl(setting)),
      ...gatewaysOf(cluster, host).map((gateway) => gatewayRoute(gateway, host, facts)),
      ...tunnelResources(tunnels, quiet, facts),
      ...mssResources(mssRules(vips, host, facts), facts),
      // What takes the VIP's packets comes before the VIP goes.
      ...(quiet.redirections ? [redirectRules(quiet.redirections)] : []),
      ...vips.flatMap((vip) =>
        isHeld(vip, quiet)
          ? vipResources(vip, deviceOf(tunnels, vip.address), facts)
          : [noAddress({ address: vip.address, facts })],
      ),
      persistentSysctl({ name: 'realserver', settings, facts }),
      ...bootScript({
        name: 'realserver',
        description: `LVS real server of the cluster ${cluster.name}`,
        text: realServerScript(cluster, host, facts),
        facts,
      }),
    ];
  },
  remarks({ cluster, host, facts }) {
    const rules = mssRules(realServerVips(cluster, host), host, facts);
    return untoldSegments(rules, facts);
  },
});

/** One that answers through the director only may route for others. */
function settingsOf(cluster: Cluster, host: ClusterHost): SysctlSetting[] {
  return [
    ...(realServerVips(cluster, host).length > 0 ? [ipForward] : []),
    ...gatewaySettings(gatewaysOf(cluster, host), host),
  ];
}

function isHeld(vip: Vip, quiet: Quiet): boolean {
  return quiet.redirections === undefined || !isIPv4(vip.address);
}

function vipResources(vip: Vip, device: string, facts: Facts): Resource[] {
  const label = isIPv4(vip.address) ? vip.label : undefined;
  const held = address({
    address: vip.address,
    prefix: vipPrefix(vip.address),
    interface: device,
    label,
    facts,
  });
  if (!needsRoute(vip, facts)) return [held];
  return [held, hostRoute({ address: vip.address, device: interfaceLabel(device, vip.label) ?? device })];
}

/** The tutorial's route only where its tools are: ip(8) comes with kernels whose local table has it. */
function needsRoute(vip: Vip, facts: Facts): boolean {
  return isIPv4(vip.address) && !facts.commands.has('ip') && facts.commands.has('route');
}

/** The tutorial's script, corrected: the ARP flags come before the VIP, and it can be run any number of times. */
export function realServerScript(cluster: Cluster, host: ClusterHost, facts: Facts): string {
  const vips = realServerVips(cluster, host);
  const quiet = quietWay(cluster, host, facts);
  const tunnels = tunnelsOf(vips, host);
  const routes = gatewaysOf(cluster, host).map((gateway) => routeWords(gateway, host, facts));
  return renderScript({
    cluster: oneLine(cluster.name),
    host: oneLine(host.name),
    byIp: facts.commands.has('ip'),
    duty: dutyText(vips, quiet, gatewaysOf(cluster, host)),
    ownSettings: settingsOf(cluster, host).map(({ key, value }) => ({ key, value })),
    routes,
    routesByRoute: routes.length > 0 && !facts.commands.has('ip'),
    quiet: quiet.settings.length + quiet.arpRules.length > 0,
    settings: quiet.settings.map(({ key, value }) => ({ key, value })),
    arpRules: quiet.arpRules.map(({ vip, rip = '' }) => ({ vip, rip })),
    redirections: (quiet.redirections ?? []).map(({ protocol, vip, port, to = '' }) => ({
      protocol,
      vip,
      port,
      to,
    })),
    dropped: vips
      .filter((vip) => !isHeld(vip, quiet))
      .map(({ address, label }) => ({ address, label: interfaceLabel('lo', label) ?? 'lo:1' })),
    tunnels: tunnelLines(tunnels, quiet, facts),
    legacyPrograms: legacyPrograms.text,
    ownChain: ownChain.text,
    ownTable: ownTable.text,
    mss: mssLines(mssRules(vips, host, facts), facts),
    vips: vips
      .filter((vip) => isHeld(vip, quiet))
      .map((vip) => {
        const device = deviceOf(tunnels, vip.address);
        return {
          address: vip.address,
          prefix: vipPrefix(vip.address),
          device,
          label: labelOf(vip, device, facts),
          route: needsRoute(vip, facts),
        };
      }),
  });
}

/** What the host does, for the script's first line. */
function dutyText(vips: readonly Vip[], quiet: Quiet, gateways: readonly string[]): string {
  const dropped = vips.some((vip) => !isHeld(vip, quiet));
  return [
    vips.length > 0 &&
      (dropped
        ? 'takes what is sent to the VIPs, and holds none of them'
        : 'holds the VIPs and keeps quiet about them'),
    gateways.length > 0 && 'answers through the director',
  ]
    .filter((part) => part !== false)
    .join('; ');
}

/** ifconfig needs an alias for IPv4, ip(8) none. */
function labelOf({ address: value, label }: Vip, device: string, facts: Facts): string {
  if (!isIPv4(value)) return '';
  return interfaceLabel(device, label) ?? (facts.commands.has('ip') ? '' : `${device}:1`);
}

/** What the script says of the tunnels. */
function tunnelLines(tunnels: Tunnels, quiet: Quiet, facts: Facts) {
  return {
    modules: modulesOf(tunnels),
    receivers: tunnels.receivers.map(({ device, carriesIPv4, anyProtocol, local }) => {
      const key = (setting: string) => interfaceKey('ipv4', device, setting);
      return {
        device,
        sysClass: `/sys/class/net/${device}`,
        anyProtocol,
        add: local === undefined ? [] : greWithChecksumWords({ device, local }),
        settings: [
          ...(carriesIPv4 ? [{ key: key('rp_filter'), value: rpFilterOf(facts) }] : []),
          ...(carriesIPv4 && isHidden(quiet) ? [{ key: key('hidden'), value: 1 }] : []),
        ],
      };
    }),
    guePorts: tunnels.guePorts.map(({ port, six }) => ({ port, six })),
  };
}
