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
  noAddress,
  oneLine,
  persistentSysctl,
  redirectRules,
  type SysctlSetting,
  sysctl,
} from '../../src/resources/index.js';
import { template } from '../../src/shell/index.js';
import { type Quiet, quietWay } from '../arp/quiet.js';
import { noParams } from '../noParams.js';
import { isIPv4, realServerVips, type Vip, vipPrefix } from '../vips.js';
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
  wants: { commands: ['ip', 'ifconfig', 'route'] },
  appliesTo: (host, cluster) => realServerVips(cluster, host).length > 0,
  resources({ cluster, host, facts }) {
    const vips = realServerVips(cluster, host);
    const quiet = quietWay(cluster, host, facts);
    const tunnels = tunnelsOf(vips, host);
    return [
      sysctl(ipForward),
      ...tunnelResources(tunnels, quiet, facts),
      // What takes the VIP's packets comes before the VIP goes.
      ...(quiet.redirections ? [redirectRules(quiet.redirections)] : []),
      ...vips.flatMap((vip) =>
        isHeld(vip, quiet)
          ? vipResources(vip, deviceOf(tunnels, vip.address), facts)
          : [noAddress({ address: vip.address, facts })],
      ),
      persistentSysctl({ name: 'realserver', settings: [ipForward], facts }),
      ...bootScript({
        name: 'realserver',
        description: `LVS real server of the cluster ${cluster.name}`,
        text: realServerScript(cluster, host, facts),
        facts,
      }),
    ];
  },
});

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
  return renderScript({
    cluster: oneLine(cluster.name),
    host: oneLine(host.name),
    byIp: facts.commands.has('ip'),
    forwardKey: ipForward.key,
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
