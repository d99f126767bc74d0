/** Well-known ports by the names that people write and services get. The first name of a port is the one that a service gets. */
const PORTS: readonly (readonly [name: string, port: number])[] = [
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['dns', 53],
  ['domain', 53],
  ['http', 80],
  ['www', 80],
  ['pop3', 110],
  ['ntp', 123],
  ['imap', 143],
  ['imap2', 143],
  ['ldap', 389],
  ['https', 443],
  ['smtps', 465],
  ['syslog', 514],
  ['submission', 587],
  ['ldaps', 636],
  ['imaps', 993],
  ['pop3s', 995],
  ['radius', 1812],
  ['mysql', 3306],
  ['sip', 5060],
  ['postgresql', 5432],
  ['http-alt', 8080],
];

/** The number of a port that stands there by number or name, or undefined. */
export function portOf(text: string): number | undefined {
  if (/^[0-9]{1,5}$/.test(text)) return Number(text) <= 65535 ? Number(text) : undefined;
  return PORTS.find(([name]) => name === text.toLowerCase())?.[1];
}

export function nameOfPort(port: number): string | undefined {
  return PORTS.find(([, number]) => number === port)?.[0];
}
