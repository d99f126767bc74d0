import type { RealServerShare, VerifyReport } from '../verify/report.js';
import type { Paint } from './paint.js';
import { bar, count, pad, padStart, plainLine } from './text.js';

/** The report of `verify` for one service from one probe host: bars of what was seen against what the weights promise. */
export function trafficText(report: VerifyReport, paint: Paint, columns: number): string[] {
  const [address = report.endpoint, protocol = 'tcp'] = splitEndpoint(report.endpoint);
  const proven = report.problems.length === 0;
  const mark = proven ? paint.good('✓') : paint.bad('✗');
  const head = `${mark} ${paint.strong(`${protocol} ${address}`)} (${report.service})`;
  const lines: string[] = [];
  if (report.connections === 0) lines.push(`${head}: no connection was tried`);
  else {
    const failed = `${report.failedConnections} failed`;
    lines.push(
      `${head} from ${report.from}: ${count(report.connections, 'connection')}, ${report.failedConnections === 0 ? failed : paint.bad(failed)}`,
      ...shareLines(report, paint, columns),
      `    ${arpText(report, address, paint)}`,
    );
  }
  for (const problem of report.problems) lines.push(`  ${paint.bad(`✗ ${plainLine(problem)}`)}`);
  return lines;
}

/** What the bar has at most, and what it must have before other columns give way. */
const BAR = { most: 30, least: 10 } as const;

function shareLines(report: VerifyReport, paint: Paint, columns: number): string[] {
  const rows = report.shares.map((share) => shareColumns(share, report));
  const widths = (rows[0]?.before ?? []).map((_, index) =>
    Math.max(...rows.map(({ before }) => before[index]?.length ?? 0)),
  );
  const tails = (short: boolean) =>
    rows.map(({ after, got }) => [after, ...(short ? [] : [got.share]), got.counters].join('  '));
  const room = (tail: readonly string[]) =>
    columns -
    1 -
    4 -
    widths.reduce((sum, each) => sum + each + 2, 0) -
    1 -
    Math.max(0, ...tail.map((text) => text.length));
  const short = room(tails(false)) < BAR.least;
  const tail = tails(short);
  const bars = Math.max(BAR.least, Math.min(BAR.most, room(tail)));
  return rows.map(({ before, fraction }, index) => {
    const who = before.map((text, column) => pad(text, widths[column] ?? 0)).join('  ');
    return `    ${who}  ${paint.good(bar(fraction, bars))} ${tail[index]}`;
  });
}

function shareColumns(share: RealServerShare, report: VerifyReport) {
  const seen = share.answered ?? share.counted;
  // Where no banner tells the servers apart, the counters are all there is; they count failed connections too.
  const of =
    share.answered === undefined ? report.connections : report.connections - report.failedConnections;
  const fraction = seen === undefined || of === 0 ? 0 : seen / of;
  const digits = String(report.connections).length;
  const expected = share.expected === undefined ? 'any' : percent(share.expected);
  return {
    before: [share.host, share.address, `weight ${share.weight}`],
    fraction,
    after: `${padStart(`${seen ?? '?'}`, digits)}/${of}  expected ${padStart(expected, 3)}`,
    got: {
      share: `got ${padStart(seen === undefined ? '?' : percent(fraction), 3)}`,
      counters: `counters ${padStart(`${share.counted ?? '–'}`, digits)}`,
    },
  };
}

function arpText(report: VerifyReport, address: string, paint: Paint): string {
  const answers = report.arp.map(({ mac, host }) => `${mac}, ${host ?? 'unknown host'}`);
  const vip = vipOf(address);
  const text = `${vip.includes(':') ? 'neighbour discovery' : 'ARP'} for ${vip}: ${count(answers.length, 'answer')}${answers.length === 0 ? '' : `, ${answers.join('; ')}`}`;
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
