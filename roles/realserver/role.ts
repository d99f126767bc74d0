import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import type { Cluster, ClusterHost } from '../../src/inventory/cluster.js';
import {
  address,
  bootScript,
  hostRoute,
  interfaceKey,
  interfaceLabel,
  kernelModule,
  linkUp,
  modulesAtBoot,
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

const renderScript = template(import.meta.url, 'templates/realserver.sh.hbs');
const ipForward: SysctlSetting = { key: 'net/ipv4/ip_forward', value: 0 };
const tunnel = { module: 'ipip', interface: 'tunl0' };

export default defineRole({
  name: 'realserver',
  description: 'holds the VIPs on lo, so that a real server takes what the director passes on',
  params: noParams,
  wants: { commands: ['ip', 'ifconfig', 'route'] },
  appliesTo: (host, cluster) => realServerVips(cluster, host).length > 0,
  resources({ cluster, host, facts }) {
    const vips = realServerVips(cluster, host);
    const tunnelled = vips.some((vip) => vip.services.some((service) => service.forwarding === 'tun'));
    const quiet = quietWay(cluster, host, facts);
    return [
      sysctl(ipForward),
      ...(tunnelled ? tunnelResources(facts) : []),
      // What takes the VIP's packets comes before the VIP goes.
      ...(quiet.redirections ? [redirectRules(quiet.redirections)] : []),
      ...vips.flatMap((vip) =>
        isHeld(vip, quiet) ? vipResources(vip, facts) : [noAddress({ address: vip.address, facts })],
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

function vipResources(vip: Vip, facts: Facts): Resource[] {
  const label = isIPv4(vip.address) ? vip.label : undefined;
  const held = address({
    address: vip.address,
    prefix: vipPrefix(vip.address),
    interface: 'lo',
    label,
    facts,
  });
  if (!needsRoute(vip, facts)) return [held];
  return [held, hostRoute({ address: vip.address, device: interfaceLabel('lo', vip.label) ?? 'lo' })];
}

/** The tutorial's route only where its tools are: ip(8) comes with kernels whose local table has it. */
function needsRoute(vip: Vip, facts: Facts): boolean {
  return isIPv4(vip.address) && !facts.commands.has('ip') && facts.commands.has('route');
}

/** Packets come out of tunl0 with a client's source that is routed elsewhere: strict source checks would drop them. */
function tunnelSetting(facts: Facts): SysctlSetting {
  // Loose mode (2) came with Linux 2.6.31, and the greater of `all` and the interface counts since; before, both had to be on.
  const [major = 0, minor = 0, patch = 0] = facts.kernel.release.split(/[.-]/).map(Number);
  const loose = major > 2 || (major === 2 && minor === 6 && patch >= 31);
  return { key: interfaceKey('ipv4', tunnel.interface, 'rp_filter'), value: loose ? 2 : 0 };
}

function tunnelResources(facts: Facts): Resource[] {
  const module = kernelModule(tunnel.module);
  return [
    module,
    modulesAtBoot('realserver', [tunnel.module], facts),
    linkUp({ interface: tunnel.interface, createdBy: module.id, facts }),
    sysctl({ ...tunnelSetting(facts), createdBy: module.id }),
  ];
}

/** The tutorial's script, corrected: the ARP flags come before the VIP, and it can be run any number of times. */
export function realServerScript(cluster: Cluster, host: ClusterHost, facts: Facts): string {
  const vips = realServerVips(cluster, host);
  const quiet = quietWay(cluster, host, facts);
  const tunnelled = vips.some((vip) => vip.services.some((service) => service.forwarding === 'tun'));
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
    tunnel: tunnelled ? { ...tunnel, ...tunnelSetting(facts) } : null,
    vips: vips
      .filter((vip) => isHeld(vip, quiet))
      .map((vip) => ({
        address: vip.address,
        prefix: vipPrefix(vip.address),
        v6: !isIPv4(vip.address),
        label: interfaceLabel('lo', isIPv4(vip.address) ? vip.label : undefined) ?? 'lo',
        route: needsRoute(vip, facts),
      })),
  });
}
