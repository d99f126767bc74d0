import { canonicalAddress } from '../ipvs/index.js';
import { trusted } from '../shell/index.js';
import type { Probe } from './check.js';

/** Connections of a director by service, real server and state, summed up on the host: the table may have millions. */
export interface ConnectionSum {
  readonly vip: string;
  readonly port: number;
  readonly destination: string;
  readonly state: string;
  readonly count: number;
  /** Different client addresses. */
  readonly clients: number;
}

/** Templates of persistence (client port 0) are left out. */
export const connections: Probe<readonly ConnectionSum[]> = {
  name: 'connections',
  script: () =>
    trusted(`\
if [ -r /proc/net/ip_vs_conn ]; then
  awk 'NR > 1 && $3 != "0000" { k = $4 " " $5 " " $6 " " $8; n[k]++; if (!((k, $2) in seen)) { seen[k, $2] = 1; c[k]++ } }
    END { for (k in n) print n[k], c[k], k }' /proc/net/ip_vs_conn
fi; :`),
  read: (text) =>
    text.split('\n').flatMap((line) => {
      const [count = '', clients = '', to = '', port = '', destination = '', state = ''] = line
        .trim()
        .split(/\s+/);
      const [vip, server] = [addressOf(to), addressOf(destination)];
      if (!/^\d+$/.test(count) || !/^\d+$/.test(clients) || vip === undefined || server === undefined)
        return [];
      return [
        {
          vip,
          port: Number.parseInt(port, 16),
          destination: server,
          state,
          count: Number(count),
          clients: Number(clients),
        },
      ];
    }),
};

/** IPv4 in hexadecimal, IPv6 with colons, as /proc/net/ip_vs_conn writes them. */
function addressOf(text: string): string | undefined {
  if (/^[0-9A-F]{8}$/i.test(text))
    return (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join('.');
  return text.includes(':') ? canonicalAddress(text) : undefined;
}
