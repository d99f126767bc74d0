import { interfaceKey, type SysctlSetting } from '../../src/resources/index.js';
import { isIPv4, type Vip } from '../vips.js';

/**
 * DR and TUN as in the tutorial: the director forwards nothing, and send_redirects is 1, which is harmless there, since
 * redirects come only from forwarding. NAT is routing: it forwards, and must not tell clients or real servers of its
 * network a way around itself.
 */
export function directorSettings(vips: readonly Vip[], interfaceName: string): SysctlSetting[] {
  const natted = vips.filter((vip) => vip.services.some((service) => service.forwarding === 'nat'));
  const forward = natted.some((vip) => isIPv4(vip.address));
  const v4: SysctlSetting[] = vips.some((vip) => isIPv4(vip.address))
    ? [
        { key: 'net/ipv4/ip_forward', value: forward ? 1 : 0 },
        ...['all', 'default', interfaceName].map((name) => ({
          key: interfaceKey('ipv4', name, 'send_redirects'),
          value: forward ? 0 : 1,
        })),
      ]
    : [];
  const v6 = natted.some((vip) => !isIPv4(vip.address))
    ? [{ key: interfaceKey('ipv6', 'all', 'forwarding'), value: 1 }]
    : [];
  return [...v4, ...v6];
}
