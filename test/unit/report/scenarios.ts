import { Writable } from 'node:stream';
import type { RunEvent } from '../../../src/engine/index.js';
import { createReporter, type ReporterOptions } from '../../../src/report/index.js';
import type { VerifyReport } from '../../../src/verify/report.js';

/** An event and the milliseconds since the run began. */
export type Scenario = readonly (readonly [number, RunEvent])[];

export const START = Date.parse('2024-05-01T12:00:00.000Z');

const RESOURCES = [
  'sysctl net.ipv4.conf.all.arp_ignore',
  'sysctl net.ipv4.conf.all.arp_announce',
  'file /etc/sysctl.d/70-lvsctl-arp.conf',
  'address 10.83.33.100/32 on lo',
  'route 10.83.33.100',
  'package vsftpd',
  'file /etc/vsftpd.conf',
  'service vsftpd',
];

const roleOf = (position: number) => (position < 3 ? 'arp' : position < 5 ? 'realserver' : 'ftp');

interface HostPart {
  readonly host: string;
  readonly stage: string;
  readonly at: number;
  /** Positions among {@link RESOURCES} that change. */
  readonly changes: readonly number[];
  /** Position that fails when it is applied. */
  readonly fails?: number;
  readonly apply: boolean;
}

/** What one host tells in one stage. */
export function hostPart({
  host,
  stage,
  at,
  changes,
  fails,
  apply,
}: HostPart): (readonly [number, RunEvent])[] {
  const part: (readonly [number, RunEvent])[] = [
    [at, { type: 'host.step', host, step: 'probe', resources: RESOURCES.length }],
  ];
  let now = at + 100;
  for (const position of changes) part.push([now, planned(host, position)]);
  let changed = 0;
  let failed = 0;
  if (apply && changes.length > 0) {
    part.push([now, { type: 'host.step', host, step: 'apply', resources: changes.length }]);
    for (const [index, position] of changes.entries()) {
      const resource = RESOURCES[position] ?? '';
      const summary = summaryOf(position);
      part.push([now, { type: 'change.start', host, resource, summary, index, total: changes.length }]);
      part.push([now + 50, { type: 'host.output', host, line: `working on ${resource}` }]);
      now += 200;
      const status = position === fails ? 1 : 0;
      part.push([now, { type: 'change.end', host, resource, status, seconds: 0.2 }]);
      if (status === 0) changed += 1;
      else {
        failed += 1;
        part.push([
          now,
          {
            type: 'failure',
            host,
            resource,
            message: `${summary}: exit status 1`,
            command: 'service vsftpd start\nexit $?',
            status: 1,
            stderr: 'starting vsftpd\n500 OOPS: bad user name \u001b[31mapache\u001b[0m\n',
            hint: 'look at /var/log/messages on the host',
          },
        ]);
        break;
      }
    }
    if (failed === 0)
      part.push([now, { type: 'host.step', host, step: 'proof', resources: RESOURCES.length }]);
  }
  const summary = { ok: RESOURCES.length - changes.length, changed, failed, trips: 3, connections: 1 };
  part.push([now + 100, { type: 'host.end', host, stage, summary, seconds: (now + 100 - at) / 1000 }]);
  return part;
}

function summaryOf(position: number): string {
  return position < 2 ? `set it to ${position + 1} (is 0)` : `bring ${RESOURCES[position]?.split(' ')[1]} up`;
}

function planned(host: string, position: number): RunEvent {
  return {
    type: 'change.planned',
    host,
    role: roleOf(position),
    resource: RESOURCES[position] ?? '',
    summary: summaryOf(position),
    position,
    ...(position < 2 && { diff: `@@ -1 +1 @@\n-0\n+${position + 1}\n` }),
  };
}

export const TRAFFIC: VerifyReport = {
  service: 'ftp',
  endpoint: '10.83.33.100:21/tcp',
  from: 'client',
  connections: 40,
  failedConnections: 0,
  shares: [
    { host: 'rs1', address: '10.83.33.76', weight: 3, expected: 0.75, answered: 30, counted: 30 },
    { host: 'rs2', address: '10.83.33.2', weight: 1, expected: 0.25, answered: 10, counted: 10 },
  ],
  arp: [{ mac: '52:54:00:0a:53:21', host: 'director' }],
  problems: [],
};

export const BROKEN_TRAFFIC: VerifyReport = {
  ...TRAFFIC,
  failedConnections: 4,
  shares: [
    { host: 'rs1', address: '10.83.33.76', weight: 3, expected: 0.75, answered: 36, counted: 24 },
    {
      host: 'rs2',
      address: '10.83.33.2',
      weight: 1,
      expected: undefined,
      answered: undefined,
      counted: undefined,
    },
  ],
  arp: [
    { mac: '52:54:00:0a:53:21', host: 'director' },
    { mac: '52:54:00:0a:53:4c', host: undefined },
  ],
  problems: [
    '10.83.33.76 answers ARP for 10.83.33.100: arp_ignore is 0',
    '4 of 40 connections failed: refused',
  ],
};

const byTime = (events: (readonly [number, RunEvent])[]): Scenario =>
  // Stable: what happens at the same time stays in order.
  events.sort(([one], [other]) => one - other);

const prelude = (command: string, hosts: readonly string[]): (readonly [number, RunEvent])[] => [
  [0, { type: 'run.start', command, cluster: 'ftp-cluster', hosts }],
  ...hosts.flatMap((host): (readonly [number, RunEvent])[] => [
    [1, { type: 'host.step', host, step: 'connect' }],
    [60, { type: 'host.step', host, step: 'facts' }],
    [90, { type: 'host.step', host, step: 'ready' }],
  ]),
];

/** Three hosts, two stages; with `fails` vsftpd does not start on rs2, and the traffic is not checked. */
export function threeHosts(command: 'plan' | 'provision', fails = false): Scenario {
  const apply = command === 'provision';
  const stage = 'real servers';
  const part = { stage, at: 200, apply };
  const events: (readonly [number, RunEvent])[] = [
    ...prelude(command, ['director', 'rs1', 'rs2']),
    [100, { type: 'stage.start', stage, hosts: ['rs1', 'rs2'] }],
    ...hostPart({ ...part, host: 'rs1', changes: [0, 1, 3] }),
    ...hostPart({ ...part, host: 'rs2', changes: [0, 7], ...(fails && { fails: 7 }) }),
    [2000, { type: 'stage.end', stage, seconds: 1.9 }],
    [2000, { type: 'stage.start', stage: 'directors', hosts: ['director'] }],
    ...hostPart({ host: 'director', stage: 'directors', at: 2000, changes: [], apply }),
    [3000, { type: 'stage.end', stage: 'directors', seconds: 1 }],
  ];
  if (fails) {
    events.push([
      2000,
      { type: 'remark', host: 'director', text: 'rs2 is held back from ftp: service vsftpd failed' },
    ]);
  } else if (apply) {
    for (const done of [0, 20, 40])
      events.push([
        3100 + done,
        { type: 'verify.progress', service: 'ftp', from: 'client', done, total: 40 },
      ]);
    events.push([3200, { type: 'verify.result', report: TRAFFIC }]);
  }
  const changed = !apply ? 0 : fails ? 4 : 5;
  const failed = fails ? 1 : 0;
  events.push([4000, { type: 'run.end', exitStatus: failed, changed, failed, seconds: 4 }]);
  return byTime(events);
}

export function nothingToChange(command: 'plan' | 'provision'): Scenario {
  const stage = 'real servers';
  const hosts = ['rs1', 'rs2'];
  return byTime([
    ...prelude(command, hosts),
    [100, { type: 'stage.start', stage, hosts }],
    ...hosts.flatMap((host) =>
      hostPart({ host, stage, at: 200, changes: [], apply: command === 'provision' }),
    ),
    [1000, { type: 'run.end', exitStatus: 0, changed: 0, failed: 0, seconds: 1 }],
  ]);
}

/** 200 hosts, ten at a time; every fiftieth fails, every third has nothing to change. */
export function manyHosts(): Scenario {
  const stage = 'real servers';
  const hosts = Array.from({ length: 200 }, (_, index) => `rs${index + 1}`);
  const failing = (index: number) => index % 50 === 49;
  return byTime([
    ...prelude('provision', hosts),
    [100, { type: 'stage.start', stage, hosts }],
    ...hosts.flatMap((host, index) =>
      hostPart({
        host,
        stage,
        at: 200 + Math.floor(index / 10) * 700 + (index % 10) * 30,
        changes: index % 3 === 0 && !failing(index) ? [] : [0, 7],
        apply: true,
        ...(failing(index) && { fails: 7 }),
      }),
    ),
    [20_000, { type: 'run.end', exitStatus: 1, changed: 264, failed: 4, seconds: 20 }],
  ]);
}

/** A stream that keeps what is written. */
export class Capture extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** What a reporter writes for a scenario, from its first event to the close. */
export async function report(
  scenario: Scenario,
  options: Omit<ReporterOptions, 'stream' | 'now'>,
): Promise<string> {
  const stream = new Capture();
  let now = START;
  const reporter = await createReporter({ ...options, stream, now: () => now });
  for (const [at, event] of scenario) {
    now = START + at;
    reporter.sink(event);
  }
  reporter.close();
  return stream.text;
}
