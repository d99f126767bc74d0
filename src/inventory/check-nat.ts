import { networkOf, parseAddress } from './address.js';
import { DEFAULT_PREFIX } from './check-hosts.js';
import type { Draft } from './draft.js';
import { writtenAddresses } from './host-address.js';
import type { Path, Report } from './problem.js';
import type { ServiceInput } from './schema.js';

/** What only NAT has; and a gateway that real servers could not reach, or that is one of them. */
export function checkNat(path: Path, service: ServiceInput, draft: Draft, report: Report): void {
  const { forwarding = 'dr', gateway, masquerade } = service;
  for (const [key, value] of Object.entries({ gateway, masquerade }))
    if (value !== undefined && forwarding !== 'nat')
      report([...path, key], value, `is for nat, and forwarding is ${forwarding}`, 'take it out');
  if (forwarding !== 'nat' || !gateway) return;
  const at = [...path, 'gateway'];
  const wanted = parseAddress(gateway);
  const vip = parseAddress(service.vip);
  if (!wanted || !vip) return;
  if (wanted.kind !== 'usual') {
    report(
      at,
      gateway,
      `is no gateway’s address (${wanted.kind})`,
      'write an address that the director holds',
    );
    return;
  }
  if (wanted.family !== vip.family) {
    report(
      at,
      gateway,
      `is ${wanted.family}, but the VIP is ${vip.family}`,
      `write an ${vip.family} address`,
    );
    return;
  }
  for (const { host } of [...service.realServers, ...(service.sorry ? [service.sorry] : [])]) {
    const own = writtenAddresses(draft.hosts.get(host)).find(({ family }) => family === wanted.family);
    if (!own || service.directors.includes(host)) continue;
    const network = networkOf(own.address, own.prefix ?? DEFAULT_PREFIX[own.family]);
    if (own.address === wanted.address)
      report(
        at,
        gateway,
        `is the address of real server ${host}`,
        'write an address that the director holds',
      );
    else if (!network.contains(wanted.address))
      report(
        at,
        gateway,
        `lies outside the network of ${host} (${network.text}), which could not reach it without another gateway`,
        `write an address of the director in ${network.text}`,
      );
  }
}
