import type { RealServerShare, VerifyReport } from '../verify/report.js';
import type { Paint } from './paint.js';
import { bar, count, pad, padStart, plainLine } from './text.js';

/** The report of `verify` for one service from one probe host: bars of what was seen against what the weights promise. */
export function trafficText(report: VerifyReport, paint: Paint, columns: number): string[] {
  const [address = report.endpoint, protocol = 'tcp'] = splitEndpoint(report.endpoint);
  const proven = report.problems.length === 0;
  const lines = [
    `${proven ? paint.good('✓') : paint.bad('✗')} ${paint.strong(`${protocol} ${address}`)} (${report.service}) from ${report.from}: ` +
      `${count(report.connections, 'connection')}, ${
        report.failedConnections === 0 ? '0 failed' : paint.bad(`${report.failedConnections} failed`)
      }`,
  ];
  const widths = columnWidths(report.shares);
  const bars = Math.max(8, Math.min(30, columns - widths.host - widths.address - widths.weight - 58));
  for (const share of report.shares) lines.push(`    ${shareText(share, report, widths, bars, paint)}`);
  lines.push(`    ${arpText(report, address, paint)}`);
  for (const problem of report.problems) lines.push(`  ${paint.bad(`✗ ${plainLine(problem)}`)}`);
  return lines;
}

interface Widths {
  readonly host: number;
  readonly address: number;
  readonly weight: number;
}

function columnWidths(shares: readonly RealServerShare[]): Widths {
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  return {
    host: longest(shares.map((share) => share.host)),
    address: longest(shares.map((share) => share.address)),
    weight: longest(shares.map((share) => String(share.weight))),
  };
}

function shareText(
  share: RealServerShare,
  report: VerifyReport,
  widths: Widths,
  bars: number,
  paint: Paint,
): string {
  const who = `${pad(share.host, widths.host)}  ${pad(share.address, widths.address)}  weight ${padStart(String(share.weight), widths.weight)}`;
  const seen = share.answered ?? share.counted;
  // Where no banner tells the servers apart, the counters are all there is; they count failed connections too.
  const of =
    share.answered === undefined ? report.connections : report.connections - report.failedConnections;
  const fraction = seen === undefined || of === 0 ? 0 : seen / of;
  const expected = share.expected === undefined ? 'any' : percent(share.expected);
  const digits = String(report.connections).length;
  return [
    who,
    ` ${paint.good(bar(fraction, bars))}`,
    seen === undefined ? 'unknown' : `${padStart(String(seen), digits)}/${of}`,
    ` expected ${padStart(expected, 4)}`,
    ` got ${padStart(seen === undefined ? '?' : percent(fraction), 4)}`,
    ` counters ${share.counted ?? '–'}`,
  ].join(' ');
}

function arpText(report: VerifyReport, address: string, paint: Paint): string {
  const answers = report.arp.map(({ mac, host }) => `${mac}, ${host ?? 'unknown host'}`);
  const text = `ARP for ${vipOf(address)}: ${count(answers.length, 'answer')}${answers.length === 0 ? '' : `, ${answers.join('; ')}`}`;
  return answers.length === 1 ? paint.quiet(text) : paint.change(text);
}

const percent = (fraction: number) => `${Math.round(fraction * 100)}%`;

/** `10.83.33.100:21/tcp` is address with port, and protocol. */
function splitEndpoint(endpoint: string): string[] {
  const slash = endpoint.lastIndexOf('/');
  return slash < 0 ? [endpoint] : [endpoint.slice(0, slash), endpoint.slice(slash + 1)];
}

function vipOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
