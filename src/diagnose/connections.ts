import type { Service } from '../inventory/cluster.js';
import { canonicalAddress } from '../ipvs/index.js';
import { hexAddress } from '../ipvs/text.js';
import { sh } from '../shell/index.js';
import type { Probe } from './check.js';

/** Connections of a director to one real server that are in one state. */
export interface ConnectionSum {
  readonly vip: string;
  /** 0: those to ports of the VIP that are no service's own, as of services by mark and of port 0. */
  readonly port: number;
  readonly destination: string;
  readonly state: string;
  readonly count: number;
  /** Whether they are of more than one client address. */
  readonly severalClients: boolean;
}

export interface Connections {
  /** All of the table, without the templates of persistence (client port 0). */
  readonly total: number;
  /** Those to VIPs of the services looked at. */
  readonly sums: readonly ConnectionSum[];
}

/**
 * The table may have millions of connections of as many clients, and services of all ports: what is kept of them in memory is a line for each
 * endpoint of the inventory, real server and state, and one client of each. Addresses are compared as text: 0E000001 and 0E000002 are one number
 * to awk.
 */
const counting = `
BEGIN {
  for (i = 2; i < ARGC; i++) {
    known[ARGV[i]] = 1
    split(ARGV[i], endpoint, "/")
    vips[endpoint[1]] = 1
    ARGV[i] = ""
  }
}
FNR == 1 || $3 == "0000" { next }
{ total++ }
!($4 in vips) { next }
{
  kind = $4 " " (($4 "/" $5) in known ? $5 : "0000") " " $6 " " $8
  count[kind]++
  if (!(kind in client)) client[kind] = $2 ""
  else if (client[kind] != $2 "") several[kind] = 1
}
END {
  print "total", total + 0
  for (kind in count) print count[kind], ((kind in several) ? "several" : "one"), kind
}`;

/** As awk has them of /proc/net/ip_vs_conn: `0A532164/0015`. A service by mark, and one of all ports, has a VIP alone. */
const endpointOf = (service: Service): string => {
  const port = ownPort(service);
  return `${hexAddress(service.vip)}/${port === 0 ? '' : port.toString(16).toUpperCase().padStart(4, '0')}`;
};

const ownPort = ({ fwmark, port }: Service): number => (fwmark === undefined ? port : 0);

export const connections: Probe<Connections> = {
  name: 'connections',
  script: ({ services }) => {
    const endpoints = [...new Set(services.map(endpointOf))];
    return sh`if [ -r /proc/net/ip_vs_conn ]; then
  awk ${counting} /proc/net/ip_vs_conn ${endpoints}
else
  echo 'total 0'
fi; :`;
  },
  read: (text) => {
    const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
    const total = lines.find(([word]) => word === 'total')?.[1] ?? '';
    // None is a number, too: an awk that failed has counted nothing.
    if (!/^\d+$/.test(total)) return { unseen: 'its connections could not be counted: awk failed' };
    return { total: Number(total), sums: lines.flatMap(sumOf) };
  },
};

function sumOf(words: readonly string[]): ConnectionSum[] {
  const [count = '', clients = '', to = '', port = '', destination = '', state = ''] = words;
  const [vip, server] = [addressOf(to), addressOf(destination)];
  if (!/^\d+$/.test(count) || !/^[0-9A-F]{4}$/i.test(port) || vip === undefined || server === undefined)
    return [];
  return [
    {
      vip,
      port: Number.parseInt(port, 16),
      destination: server,
      state,
      count: Number(count),
      severalClients: clients === 'several',
    },
  ];
}

/** Those of one service. */
export function sumsOf(service: Service, seen: Connections | undefined): ConnectionSum[] {
  return (seen?.sums ?? []).filter(({ vip, port }) => vip === service.vip && port === ownPort(service));
}

/** IPv4 in hexadecimal, IPv6 with colons, as /proc/net/ip_vs_conn writes them. */
function addressOf(text: string): string | undefined {
  if (/^[0-9A-F]{8}$/i.test(text))
    return (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)).join('.');
  return text.includes(':') ? canonicalAddress(text) : undefined;
}
