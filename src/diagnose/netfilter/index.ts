import { trusted } from '../../shell/index.js';
import type { Probe } from '../check.js';
import { parseIptablesSave } from './iptables.js';
import { parseNftRuleset } from './nft.js';
import { type Packet, type Refusal, refusalOf } from './packet.js';

export type { Packet, Refusal } from './packet.js';

/** What stands before the programs of a host. */
export interface PacketFilter {
  /** What is done to a packet for the host itself; undefined: let in, or not known. */
  refuses(packet: Packet): (Refusal & { readonly tool: string }) | undefined;
}

/**
 * Filters are listed only where they are loaded, since to ask would load them. iptables on top of nftables shows in nft's list.
 */
export const packetFilter: Probe<PacketFilter> = {
  name: 'packet filter',
  script: () =>
    trusted(`\
if grep '^filter$' /proc/net/ip_tables_names >/dev/null 2>&1; then
  for save in iptables-legacy-save iptables-save; do
    command -v $save >/dev/null 2>&1 || continue
    echo "@@ iptables \${save%-save}"
    $save -c -t filter 2>/dev/null
    break
  done
fi
if [ -d /sys/module/nf_tables ] && command -v nft >/dev/null 2>&1; then
  echo '@@ nft'
  nft -n list ruleset 2>/dev/null
fi
echo '@@ end'`),
  read: (text) => {
    const parts = new Map(
      text.split(/^@@ /m).map((part) => [part.split('\n')[0] ?? '', part.slice(part.indexOf('\n') + 1)]),
    );
    const [old = ''] = [...parts.keys()].filter((name) => name.startsWith('iptables '));
    const chains = parseIptablesSave(parts.get(old) ?? '');
    const tables = parseNftRuleset(parts.get('nft') ?? '');
    return {
      refuses: (packet) => {
        const legacy = packet.destination.includes(':') ? undefined : refusalOf(chains, 'INPUT', packet);
        if (legacy !== undefined) return { ...legacy, tool: old.slice('iptables '.length) };
        for (const { chains: of, inputs } of tables)
          for (const input of inputs) {
            const refusal = refusalOf(of, input, packet);
            if (refusal !== undefined) return { ...refusal, tool: 'nft' };
          }
        return undefined;
      },
    };
  },
};
