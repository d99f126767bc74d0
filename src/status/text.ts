import { describeRecorded } from '../ipvs/index.js';
import { type Paint, padStart, plainLine, width } from '../report/index.js';
import type { RealServerStatus, ServerState, ServiceState, ServiceStatus } from './model.js';
import type { Reading } from './reading.js';

/** One line without colours, and the meaning that colours it whole. */
export interface Line {
  readonly text: string;
  readonly tone?: keyof Paint;
}

/** Not known, as against {@link NONE}: there is none to know. */
const UNKNOWN = '?';
const NONE = '-';
/** What matters most stands where a narrow terminal still shows it. */
const HEAD = [
  'real server',
  'address',
  'state',
  'weight',
  'wanted',
  'active',
  'inactive',
  'conn/s',
  'in B/s',
  'out B/s',
  'conns',
];
const LEFT = 3;

/** Below 100,000 every digit; above, thousands and so on. */
function short(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  let scaled = value;
  for (const unit of ['', 'k', 'M', 'G', 'T']) {
    if (scaled < 100_000 || unit === 'T') return `${unit === '' ? scaled : Math.round(scaled)}${unit}`;
    scaled /= 1000;
  }
  return String(value);
}

function persistenceText({ persistence, onePacket }: ServiceStatus): string[] {
  const words = onePacket ? ['one-packet'] : [];
  if (persistence === undefined || persistence === 'none') return words;
  const { timeoutSeconds, netmask, engine } = persistence;
  const seconds = timeoutSeconds === undefined ? 'time not known' : `${timeoutSeconds} s`;
  const mask =
    netmask === undefined || netmask === '255.255.255.255' || netmask === '128' ? '' : `, mask ${netmask}`;
  const by = engine === undefined || engine === 'none' ? '' : ` by ${engine}`;
  return [`persistent ${seconds}${mask}${by}`, ...words];
}

const SERVICE_STATES: Readonly<Record<ServiceState, string | undefined>> = {
  present: undefined,
  missing: 'not in the table',
  foreign: 'not in the inventory',
  misplaced: 'the inventory gives it to other directors',
};

function serviceLine(service: ServiceStatus): Line {
  const { name, key, vip, mark, scheduler, schedulerFlags = [], state } = service;
  const flags = schedulerFlags.length > 0 ? ` (${schedulerFlags.join(',')})` : '';
  const said = SERVICE_STATES[state];
  const words = [
    ...(name === undefined
      ? [key]
      : [name, mark !== undefined && vip !== undefined ? `${key} for ${vip}` : key]),
    ...(scheduler === undefined ? [] : [`${scheduler}${flags}`]),
    ...persistenceText(service),
    ...(said === undefined ? [] : [said]),
  ];
  return {
    text: words.join('  '),
    tone: state === 'missing' ? 'bad' : state === 'present' ? 'strong' : 'change',
  };
}

const SERVER_STATES: Readonly<Record<ServerState, string>> = {
  serving: 'in rotation',
  drained: 'drained',
  missing: 'missing',
  foreign: 'foreign',
  unknown: UNKNOWN,
};

/** What is as the inventory wants it has none. */
function toneOf({ state, weight, weightWanted }: RealServerStatus): Pick<Line, 'tone'> {
  if (state === 'missing') return { tone: 'bad' };
  return state === 'serving' && weight === weightWanted ? {} : { tone: 'change' };
}

interface Row extends Pick<Line, 'tone'> {
  readonly cells: readonly string[];
}

function serverRow(server: RealServerStatus): Row {
  const { host = NONE, address, state, weightWanted, recorded, rates, counters } = server;
  const cell = (value: number | undefined) => (state === 'missing' ? NONE : short(value));
  return {
    cells: [
      host,
      address,
      recorded === undefined ? SERVER_STATES[state] : `${SERVER_STATES[state]}, recorded`,
      cell(server.weight),
      weightWanted === undefined ? NONE : short(weightWanted),
      cell(server.activeConnections),
      cell(server.inactiveConnections),
      cell(rates?.connections),
      cell(rates?.incomingBytes),
      cell(rates?.outgoingBytes),
      cell(counters?.connections),
    ],
    ...toneOf(server),
  };
}

/** The service's own figures, which count servers that have left as well. */
function totalRow({ rates, counters }: ServiceStatus): Row {
  const all = [rates?.connections, rates?.incomingBytes, rates?.outgoingBytes, counters?.connections];
  return { cells: ['all', ...Array<string>(6).fill(''), ...all.map(short)], tone: 'quiet' };
}

function tableLines(services: readonly ServiceStatus[]): Line[] {
  const rows = services.map((service) => [
    ...service.realServers.map(serverRow),
    ...(service.state === 'missing' ? [] : [totalRow(service)]),
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(width(head), ...rows.flat().map(({ cells }) => width(cells[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string => {
    const shown = cells.map((cell, column) => {
      const room = widths[column] ?? 0;
      return column < LEFT ? cell + ' '.repeat(Math.max(0, room - width(cell))) : padStart(cell, room);
    });
    return `  ${shown.join('  ')}`.trimEnd();
  };
  return services.flatMap((service, index): Line[] => [
    { text: '' },
    serviceLine(service),
    ...(service.realServers.length === 0
      ? [{ text: '  no real servers' }]
      : [
          { text: line(HEAD), tone: 'quiet' as const },
          ...(rows[index] ?? []).map(({ cells, tone }) => ({
            text: line(cells),
            ...(tone !== undefined && { tone }),
          })),
          ...recordedLines(service),
        ]),
  ]);
}

/** Who set a weight and why, below the table that shows it. */
const recordedLines = ({ name = '', realServers }: ServiceStatus): Line[] =>
  realServers.flatMap(({ host = '', recorded }): Line[] =>
    recorded === undefined
      ? []
      : [{ text: `  ${plainLine(describeRecorded({ host, service: name, ...recorded }))}`, tone: 'change' }],
  );

const LIMITS = [
  'missing: not in the table. foreign: not in the inventory. -: there is none. ?: not known.',
  'recorded: set by lvsctl drain or weight. Whether a server answers, the table does not say (lvsctl',
  'verify asks), nor who else drained or removed one: a health check, or a run that held it back.',
];

function holding(reading: Reading): string {
  const vips = 'status' in reading ? (reading.status.holds ?? []) : [];
  return vips.length === 0 ? '' : `  holds ${vips.join(', ')}`;
}

/** VIPs that two directors hold, or none, where all that have it were asked. */
function unheld(readings: readonly Reading[]): Line[] {
  const found = new Map<string, { asked: boolean; by: string[] }>();
  for (const reading of readings) {
    if (!('status' in reading)) return [];
    for (const { vip, state } of reading.status.services) {
      if (vip === undefined || state === 'foreign' || state === 'misplaced') continue;
      const one = found.get(vip) ?? { asked: true, by: [] };
      found.set(vip, one);
      if (reading.status.holds === undefined) one.asked = false;
      else if (reading.status.holds.includes(vip) && !one.by.includes(reading.director))
        one.by.push(reading.director);
    }
  }
  const text = [...found].flatMap(([vip, { asked, by }]) => {
    if (by.length > 1) return `${by.join(' and ')} hold ${vip} at the same time: a split brain`;
    return asked && by.length === 0 ? `nobody holds ${vip}` : [];
  });
  return text.length === 0
    ? []
    : [{ text: '' }, ...text.map((one): Line => ({ text: `✗ ${one}`, tone: 'bad' }))];
}

/** One reading of all directors as the operator sees it. `time`: when it was taken, as it shall be shown. */
export function statusLines(readings: readonly Reading[], time: string): Line[] {
  const lines = readings.flatMap((reading, index): Line[] => {
    const head: Line[] = [
      ...(index > 0 ? [{ text: '' }] : []),
      { text: `${reading.director}  ${time}${holding(reading)}`, tone: 'live' },
    ];
    if ('failure' in reading) {
      const { message, hint } = reading.failure;
      const [first = '', ...rest] = [...message.split('\n'), ...(hint?.split('\n') ?? [])].map(plainLine);
      return [
        ...head,
        { text: `✗ not read: ${first}`, tone: 'bad' },
        ...rest.map((text) => ({ text: `    ${text}` })),
      ];
    }
    const { services, remarks } = reading.status;
    return [
      ...head,
      ...remarks.map((text): Line => ({ text: plainLine(text), tone: 'change' })),
      ...(services.length === 0 ? [{ text: 'no services' }] : tableLines(services)),
    ];
  });
  lines.push(...unheld(readings));
  if (readings.some((reading) => 'status' in reading && reading.status.services.length > 0))
    lines.push({ text: '' }, ...LIMITS.map((text): Line => ({ text, tone: 'quiet' })));
  return lines;
}
