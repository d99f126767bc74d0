import {
  type DraftCheck,
  type DraftHost,
  type DraftRealServer,
  type DraftService,
  GAP,
  type InventoryDraft,
} from './draft.js';

/** The inventory as an operator gets it: TypeScript with comments, each gap marked. */
export function inventoryText(draft: InventoryDraft, source: string): string {
  const gaps =
    [...draft.directors, ...draft.realServers].some(({ address }) => address === GAP) ||
    draft.services.some(({ vip, fwmark }) => vip === GAP || fwmark !== undefined);
  return `${[
    `// From ${oneLine(source)}, by \`lvsctl import\`. What that file says and an inventory can't is not here: the command listed it.`,
    ...(gaps
      ? [
          `// Where '${GAP}' stands, the file doesn't say what belongs there. \`lvsctl validate\` names each place until it is filled.`,
        ]
      : []),
    "import { defineInventory } from 'lvsctl';",
    '',
    'export default defineInventory({',
    '  // How all hosts are reached; what is not said here comes from ~/.ssh/config.',
    "  ssh: { user: 'root' },",
    '',
    ...(draft.interface === undefined
      ? []
      : [
          '  // The network interface of the directors in the file. A host with another one gets an `interface` of its own.',
          `  interface: ${quoted(draft.interface)},`,
          '',
        ]),
    ...ipvsText(draft),
    ...keepalivedText(draft),
    '  hosts: {',
    "    // Such files don't say how long the prefixes are: check them. Names are yours to choose, here and in the services.",
    ...[...draft.directors, ...draft.realServers].map(hostText),
    '  },',
    '',
    '  services: {',
    ...draft.services.flatMap((service) => serviceText(service, draft)),
    '  },',
    '',
    '  // Where `lvsctl verify` connects from: a client, which is neither director nor real server, and a host like the others.',
    "  // probes: ['client'],",
    '});',
  ].join('\n')}\n`;
}

function ipvsText({ ipvs }: InventoryDraft): string[] {
  if (ipvs === undefined) return [];
  const { timeouts, sync } = ipvs;
  return [
    '  // Of the whole table on each director.',
    '  ipvs: {',
    ...(timeouts === undefined ? [] : [`    timeouts: ${record(timeouts)},`]),
    ...(sync === undefined ? [] : [`    sync: ${record(sync)},`]),
    '  },',
    '',
  ];
}

function keepalivedText({ keepalived }: InventoryDraft): string[] {
  if (keepalived === undefined) return [];
  return [
    '  // keepalived on the directors holds the VIPs and asks the real servers. Where it has a file of its own already, `lvsctl provision`',
    '  // replaces that only with `takeOver: true`.',
    `  keepalived: ${Object.keys(keepalived).length === 0 ? '{}' : record(keepalived)},`,
    '',
  ];
}

const hostText = ({ name, address, comment }: DraftHost): string =>
  `    ${key(name)}: { address: ${quoted(address)} }, // ${address === GAP ? `${GAP}: ` : ''}${oneLine(comment)}`;

function serviceText(service: DraftService, { directors }: InventoryDraft): string[] {
  const { name, comment, vip, port, fwmark, protocol, scheduler, schedulerFlags, forwarding } = service;
  const { persistence, onePacket, label, checks = [], sorry, quorum, hysteresis, realServers } = service;
  const lines = [
    `vip: ${quoted(vip)},${vip === GAP ? ` // ${GAP}: ${oneLine(comment ?? 'where clients connect to; the packets to it get the mark')}` : ''}`,
    ...(port === undefined ? [] : [`port: ${port},`]),
    ...(fwmark === undefined
      ? []
      : [
          `fwmark: ${fwmark},`,
          `ports: ['${GAP}'], // ${GAP}: whose packets get the mark, [80, 443] or [21, '50000-50100']; the rules that did it are not in the file`,
        ]),
    `protocol: ${quoted(protocol)},`,
    ...(scheduler === undefined ? [] : [`scheduler: ${quoted(scheduler)},`]),
    ...(schedulerFlags.length > 0 ? [`schedulerFlags: [${schedulerFlags.map(quoted).join(', ')}],`] : []),
    `forwarding: ${quoted(forwarding)},`,
    ...(persistence === undefined
      ? []
      : [
          `persistence: ${Object.keys(persistence).length === 1 ? persistence.seconds : record(persistence)},`,
        ]),
    ...(onePacket ? ['onePacket: true,'] : []),
    ...(label === undefined ? [] : [`label: ${quoted(label)},`]),
    ...checksText(checks),
    ...(sorry === undefined ? [] : [`sorry: ${record(sorry)},`]),
    ...(quorum === undefined ? [] : [`quorum: ${quorum},`]),
    ...(hysteresis === undefined ? [] : [`hysteresis: ${hysteresis},`]),
    `directors: [${directors.map((director) => quoted(director.name)).join(', ')}],`,
    'realServers: [',
    ...realServers.map((server) => `  ${realServerText(server)},`),
    '],',
  ];
  return [`    ${key(name)}: {`, ...lines.map((line) => `      ${line}`), '    },'];
}

function checksText(checks: readonly DraftCheck[]): string[] {
  const texts = checks.map(record);
  if (texts.length < 2) return texts.map((text) => `check: ${text},`);
  return ['check: [', ...texts.map((text) => `  ${text},`), '],'];
}

function realServerText({ tunnel, ...server }: DraftRealServer): string {
  const fields = Object.entries(server).map(([name, value]) => `${name}: ${literal(value)}`);
  if (tunnel !== undefined) fields.push(`tunnel: ${record(tunnel)}`);
  return `{ ${fields.join(', ')} }`;
}

const record = (values: object): string =>
  `{ ${Object.entries(values)
    .map(([name, value]) => `${name}: ${literal(value)}`)
    .join(', ')} }`;

const literal = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  return typeof value === 'string' ? quoted(value) : String(value);
};

/** In single quotes, safe whatever the text is. */
const quoted = (text: string): string =>
  `'${JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;

const key = (name: string): string => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : quoted(name));

/** A text that can't leave the comment it stands in. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
