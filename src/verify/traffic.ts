import type { Service } from '../inventory/cluster.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { bashLane, bashWorker } from './clients/bash.js';
import { perlLane } from './clients/perl.js';
import { pythonLane } from './clients/python.js';
import { bounded, curlLane, netcatLane } from './clients/shell.js';

/** What is said on a connection: see {@link dialogueOf}. */
export type Dialogue = 'ftp' | 'http' | 'https' | 'greeting' | 'connect' | 'datagram' | 'dns';

/**
 * - `login`: greeting and an anonymous FTP login (230)
 * - `answer`: greeting, banner, body or datagram; of DNS without its text, which is not the same twice
 * - `open`: connected, and the service said nothing
 * - `sent`: a datagram left, and no answer came within `answerSeconds`
 * - `fail`: refused, timed out, or cut
 */
export type Outcome = 'login' | 'answer' | 'open' | 'sent' | 'fail';

/** One connection. `text` is the banner or body on one line, printable, at most 600 characters, or the error of a `fail`. */
export interface Attempt {
  readonly label: string;
  readonly outcome: Outcome;
  readonly text: string;
}

/** Connections to one address: one for each label. Labels are `[A-Za-z0-9.]+`, unique in a script. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly labels: readonly string[];
}

const httpPorts = new Set([80, 3128, 8000, 8008, 8080, 8081, 8888]);

/** The dialogue that fits a service, by its port and by its name in the inventory. */
export function dialogueOf(service: Pick<Service, 'name' | 'port' | 'protocol'>): Dialogue {
  if (service.protocol === 'udp')
    return service.port === 53 || /^dns\b/.test(service.name) ? 'dns' : 'datagram';
  if (service.port === 21 || /^ftp\b/.test(service.name)) return 'ftp';
  if (service.port === 443 || service.port === 8443 || /^https\b/.test(service.name)) return 'https';
  if (httpPorts.has(service.port) || /^(http|web|www)\b/.test(service.name)) return 'http';
  // mysqld locks a client out after 100 connections that ended before the handshake did (max_connect_errors).
  if (service.port === 3306) return 'connect';
  return 'greeting';
}

/** Connections run side by side, so that some hanging ones don't hold up the rest. */
const lanes = 5;

/**
 * Seconds that one step of a connection may take: room for a lost SYN (sent again after 1 s, 3 s and 7 s) and for a slow host.
 * A lane that met two hanging connections gives the next ones 3 s only.
 */
export const limitSeconds = 8;

/** Deals a target's labels to lanes, in turn. */
function deal(target: Target): string[][] {
  const dealt: string[][] = Array.from({ length: Math.min(lanes, target.labels.length) }, () => []);
  target.labels.forEach((label, i) => {
    dealt[i % dealt.length]?.push(label);
  });
  return dealt;
}

/**
 * The script that makes all connections from a probe host in one trip, printing `client NAME` and then a line for each connection.
 * Clients in order: bash with /dev/tcp, python3, perl (one process for many connections), curl (HTTP), some netcat. For UDP bash comes
 * behind perl: it reads a datagram's first byte only, and so can't tell the servers apart.
 * What is `beside` runs at the same time, with `bounded` at hand, also where there is no client.
 */
export function trafficScript(
  dialogue: Dialogue,
  targets: readonly Target[],
  beside: readonly { readonly define: Sh; readonly run: Sh }[] = [],
  limit = limitSeconds,
): Sh {
  const calls = targets.flatMap((target) =>
    deal(target).map((labels) => sh`lane ${dialogue} ${limit} ${target.address} ${target.port} ${labels} &`),
  );
  return shLines(
    sh`LC_ALL=C; export LC_ALL
has() { command -v "$1" >/dev/null 2>&1; }
dev_tcp() {
  has bash || return 1
  case $(bash --norc -c ': 3<>/dev/tcp/127.0.0.1/1' 2>&1) in *'No such file'*) return 1 ;; esac
}
perl_socket() { has perl && perl -MIO::Socket -e 1 2>/dev/null; }
python_ssl() { has python3 && python3 -c 'import socket, ssl' 2>/dev/null; }
find_netcat() {
  for netcat in nc ncat netcat; do
    if has "$netcat"; then return 0; fi
  done
  netcat='busybox nc'
  has busybox && busybox nc --help >/dev/null 2>&1
}
netcat_udp() {
  case $netcat in busybox*) case $(busybox nc --help 2>&1) in *-u*) ;; *) return 1 ;; esac ;; esac
}`,
    bounded,
    chooseClient(dialogue),
    ...beside.map(({ define }) => define),
    sh`echo "client $client"`,
    ...beside.map(({ run }) => sh`${run} &`),
    sh`if [ "$client" != none ]; then
:`,
    ...calls,
    sh`fi
wait`,
  );
}

function chooseClient(dialogue: Dialogue): Sh {
  // --norc: a bash whose stdin is a socket takes itself for rshd's child and reads ~/.bashrc.
  const bash = sh`  client=bash
  lane() { bash --norc -c ${bashLane} bash ${bashWorker} "$@"; }`;
  const python = sh`elif python_ssl; then
  client=python3
  lane() { python3 -c ${pythonLane} "$@"; }`;
  const perl = sh`elif perl_socket; then
  client=perl
  lane() { perl -e ${perlLane} -- "$@"; }`;
  const curl = sh`elif has curl; then
  client=curl
${curlLane}`;
  const netcat = sh`elif find_netcat${isUdp(dialogue) ? sh` && netcat_udp` : sh``}; then
  client=$netcat
${netcatLane}`;
  const none = sh`else
  client=none
fi`;
  if (dialogue === 'https') return shLines(sh`if false; then :`, curl, python, none);
  if (isUdp(dialogue))
    return shLines(sh`if false; then :`, python, perl, sh`elif dev_tcp; then`, bash, netcat, none);
  return shLines(sh`if dev_tcp; then`, bash, python, perl, dialogue === 'http' && curl, netcat, none);
}

export function isUdp(dialogue: Dialogue): boolean {
  return dialogue === 'datagram' || dialogue === 'dns';
}

/** Reads the script's output as it comes; what isn't a result line is left out. */
export class AttemptReader {
  readonly attempts: Attempt[] = [];
  /** Name of the client that the script chose; `none` where the probe host has no usable one; undefined before its line came. */
  client: string | undefined;
  #rest = '';

  /** Takes a piece of the output; returns the number of results that it completed. */
  push(chunk: Buffer | string): number {
    const lines = (this.#rest + (typeof chunk === 'string' ? chunk : chunk.toString('latin1'))).split('\n');
    this.#rest = lines.pop() ?? '';
    const before = this.attempts.length;
    for (const line of lines) this.#line(line);
    return this.attempts.length - before;
  }

  #line(line: string): void {
    const client = /^client (.+)$/.exec(line);
    if (client && this.client === undefined) this.client = client[1];
    const result = /^= ([A-Za-z0-9.]+) (login|answer|open|sent|fail) ?(.*)$/.exec(line);
    if (!result) return;
    const [, label = '', outcome = '', text = ''] = result;
    this.attempts.push({ label, outcome: outcome as Outcome, text: printable(text) });
  }
}

/** One line of printable characters; a banner is somebody else's text, and must not reach a terminal as it is. */
export function printable(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
    .slice(0, 600);
}
