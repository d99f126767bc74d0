import type { Cluster } from '../../../src/inventory/cluster.js';
import { InventoryError, type Surroundings } from '../../../src/inventory/index.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import { type Deck, payloads } from './payloads.js';

/** An inventory as a plain value, to be spoilt field by field. */
type Draft = {
  name?: string;
  interface?: string;
  ssh: Record<string, unknown>;
  vars: Record<string, unknown>;
  hosts: Record<
    string,
    Record<string, unknown> & { ssh: Record<string, unknown>; vars: Record<string, unknown> }
  >;
  groups: Record<string, Record<string, unknown> & { hosts: string[]; vars: Record<string, unknown> }>;
  services: Record<
    string,
    Record<string, unknown> & { directors: string[]; realServers: Record<string, unknown>[] }
  >;
  probes: string[];
  roles: {
    ftp: Record<string, unknown>;
    content: Record<string, unknown> & { paths: object[]; exclude: string[] };
  };
  ownRoles: Record<string, Record<string, unknown>>;
};

export type Shape = {
  readonly family: 4 | 6;
  /** The source of the content: a real server, or a host of its own. */
  readonly source: 'rs1' | 'spare';
  readonly sudo: boolean;
};

/** The tutorial's cluster, with every field that there is said. */
function sound({ family, source, sudo }: Shape): Draft {
  const address = (last: number): string => (family === 4 ? `10.83.33.${last}` : `fd00:7::${last}`);
  const host = (last: number) => ({ address: address(last), ssh: {}, vars: {} });
  const service = (port: number, vip: string, forwarding: 'dr' | 'nat' | 'tun') => ({
    vip,
    port,
    scheduler: 'wrr',
    forwarding,
    ...(port === 443 && { persistence: 300 }),
    directors: ['director'],
    realServers: [{ host: 'rs1', weight: 3 }, { host: 'rs2' }],
  });
  return {
    ssh: sudo ? { user: 'operator', sudo: true } : {},
    vars: {},
    hosts: { director: host(83), rs1: host(76), rs2: host(2), client: host(50), spare: host(60) },
    groups: { web: { hosts: ['rs1', 'rs2'], vars: {} } },
    services: {
      ftp: service(21, address(100), 'dr'),
      web: service(443, address(101), 'tun'),
      db: service(3306, address(102), 'nat'),
    },
    probes: ['client'],
    roles: {
      ftp: { banner: 'Welcome to FTP{n} server' },
      content: { source, paths: [{ from: '/srv/ftp' }], exclude: [] },
    },
    ownRoles: { house: {} },
  };
}

type Spoil = (draft: Draft, text: string) => void;

const rename = <Value>(record: Record<string, Value>, from: string, to: string): void => {
  const value = record[from] as Value;
  delete record[from];
  Object.defineProperty(record, to, { value, enumerable: true, configurable: true, writable: true });
};

/** Every field that takes a string, or is named by one; where a path is asked for, also the string as a part of one. */
const fields: Readonly<Record<string, Spoil>> = {
  name: (draft, text) => {
    draft.name = text;
  },
  interface: (draft, text) => {
    draft.interface = text;
  },
  'groups.interface': (draft, text) => {
    if (draft.groups.web) draft.groups.web.interface = text;
  },
  'hosts.interface': (draft, text) => {
    if (draft.hosts.rs1) draft.hosts.rs1.interface = text;
  },
  'hosts.address': (draft, text) => {
    if (draft.hosts.rs1) draft.hosts.rs1.address = `10.83.33.76${text}`;
  },
  ...Object.fromEntries(
    [
      'user',
      'agent',
      'jump',
      'config',
      'hostKeys',
      'algorithms',
      'passwordEnv',
      'sudoPasswordEnv',
      'passphraseEnv',
    ].map((key): [string, Spoil] => [
      `ssh.${key}`,
      (draft, text) => {
        draft.ssh[key] = text;
      },
    ]),
  ),
  'ssh.user beside others': (draft, text) => {
    draft.ssh.user = `x${text}`;
  },
  'ssh.jump beside others': (draft, text) => {
    draft.ssh.jump = `${text}@10.1.1.1:22`;
  },
  'hosts.ssh.hostName': (draft, text) => {
    if (draft.hosts.rs1) draft.hosts.rs1.ssh.hostName = text;
  },
  'ssh.agent path': (draft, text) => {
    draft.ssh.agent = `/run/${text}`;
  },
  'ssh.config path': (draft, text) => {
    draft.ssh.config = `~/${text}`;
  },
  'vars name': (draft, text) => {
    draft.vars[text] = text;
  },
  'hosts name': (draft, text) => rename(draft.hosts, 'spare', text),
  'groups name': (draft, text) => rename(draft.groups, 'web', text),
  'groups.hosts': (draft, text) => {
    draft.groups.web?.hosts.push(text);
  },
  'services name': (draft, text) => rename(draft.services, 'web', text),
  'services.vip': (draft, text) => {
    if (draft.services.ftp) draft.services.ftp.vip = `10.83.33.100${text}`;
  },
  'services.scheduler': (draft, text) => {
    if (draft.services.ftp) draft.services.ftp.scheduler = text;
  },
  'services.protocol': (draft, text) => {
    if (draft.services.ftp) draft.services.ftp.protocol = text;
  },
  'services.label': (draft, text) => {
    if (draft.services.ftp) draft.services.ftp.label = text;
  },
  'services.directors': (draft, text) => {
    draft.services.ftp?.directors.push(text);
  },
  'services.realServers.host': (draft, text) => {
    draft.services.ftp?.realServers.push({ host: text });
  },
  probes: (draft, text) => {
    draft.probes.push(text);
  },
  'roles.ftp.banner': (draft, text) => {
    draft.roles.ftp.banner = text;
  },
  'roles.ftp.anonymousRoot': (draft, text) => {
    draft.roles.ftp.anonymousRoot = text;
  },
  'roles.ftp.anonymousRoot path': (draft, text) => {
    draft.roles.ftp.anonymousRoot = `/srv/a${text}.d`;
  },
  'roles.ftp.passivePorts': (draft, text) => {
    draft.roles.ftp.passivePorts = `50000-50100${text}`;
  },
  'roles.content.source': (draft, text) => {
    draft.roles.content.source = text;
  },
  'ownRoles name': (draft, text) => rename(draft.ownRoles, 'house', text),
};

/** Fields that are lists of their own: they take many strings at once. */
const lists: Readonly<Record<string, Spoil>> = {
  vars: (draft, text) => {
    draft.vars[`v${Object.keys(draft.vars).length}`] = text;
  },
  'groups.vars': (draft, text) => {
    const vars = draft.groups.web?.vars;
    if (vars) vars[`g${Object.keys(vars).length}`] = text;
  },
  'hosts.vars': (draft, text) => {
    for (const { vars } of Object.values(draft.hosts)) vars[`h${Object.keys(vars).length}`] = text;
  },
  'ssh.identityFiles': (draft, text) => append(draft.ssh, 'identityFiles', `/keys/${text}`),
  'ssh.identityFiles of a home': (draft, text) => append(draft.ssh, 'identityFiles', `~/${text}`),
  'ssh.knownHostsFiles': (draft, text) => append(draft.ssh, 'knownHostsFiles', `/keys/${text}`),
  'roles.content.paths.from': (draft, text) => {
    draft.roles.content.paths.push({ from: `/srv/from/${text}.d` });
  },
  'roles.content.paths.to': (draft, text) => {
    draft.roles.content.paths.push({ from: '/srv/ftp', to: `/srv/to/${text}.d` });
  },
  'roles.content.exclude': (draft, text) => {
    draft.roles.content.exclude.push(text);
  },
  'roles.content.exclude beside others': (draft, text) => {
    draft.roles.content.exclude.push(`x${text}`);
  },
  ownRoles: (draft, text) => {
    const house = Object.values(draft.ownRoles)[0];
    if (house) house[`p${Object.keys(house).length}`] = { deep: [text] };
  },
};

/** Fields in which some payload must be taken: otherwise the property would be about nothing. */
export const freeFields: readonly string[] = [
  ...Object.keys(lists),
  'vars name',
  'ssh.user',
  'ssh.agent path',
  'ssh.config path',
  'hosts.ssh.hostName',
  'ssh.jump beside others',
  'roles.ftp.banner',
  'roles.ftp.anonymousRoot path',
  'ownRoles name',
];

const surroundings: Surroundings = {
  home: '/root',
  user: 'operator',
  env: {},
  readFile: () => undefined,
  exists: () => false,
  list: () => [],
};

export interface SpoiltCluster {
  readonly cluster: Cluster;
  /** Field → how many hostile strings were taken in it. */
  readonly taken: ReadonlyMap<string, number>;
}

function parsed(draft: Draft): Cluster {
  return parseInventory(draft, '/home/me/inventory.ts', surroundings);
}

/** Whether the inventory's checks let a string pass in a field. */
function takes(draft: Draft, field: string, spoil: Spoil, text: string): boolean {
  const next = structuredClone(draft);
  spoil(next, text);
  try {
    parsed(next);
    return true;
  } catch (error) {
    if (error instanceof InventoryError) return false;
    throw new Error(`${field}: neither taken nor refused: ${JSON.stringify(text)}`, { cause: error });
  }
}

/** What was found out about constant payloads; they do not change from one case to the next. */
const known = new Map<string, boolean>();

/**
 * A cluster with a hostile string in every field that takes one. A string that the inventory's checks refuse is safe by
 * that, and is taken back; every other stays.
 */
export function spoiltCluster(shape: Shape, deck: Deck): SpoiltCluster {
  const taken = new Map<string, number>();
  const draft = sound(shape);
  const blank = sound(shape);
  const count = (field: string): void => void taken.set(field, (taken.get(field) ?? 0) + 1);
  for (const [field, spoil] of Object.entries(lists)) {
    // What is only a word comes with all payloads; folders and variables become processes on the hosts.
    const words = field.includes('exclude') || field.includes('Files');
    for (const text of new Set([...deck.texts, ...(words ? payloads : deck.hand(4))])) {
      const key = `${field} ${text}`;
      const passes = known.get(key) ?? takes(blank, field, spoil, text);
      if (payloads.includes(text)) known.set(key, passes);
      if (!passes) continue;
      spoil(draft, text);
      count(field);
    }
  }
  let current = draft;
  parsed(current);
  for (const [field, spoil] of Object.entries(fields)) {
    // The drawn string first; where it is refused, whichever payload is taken.
    const text = [deck.draw(), ...deck.hand(25)].find((one) => {
      const key = `${field} ${one}`;
      if (known.get(key) === false) return false;
      const passes = takes(blank, field, spoil, one);
      if (payloads.includes(one)) known.set(key, passes);
      return passes && takes(current, field, spoil, one);
    });
    if (text === undefined) continue;
    current = structuredClone(current);
    spoil(current, text);
    count(field);
  }
  return { cluster: parsed(current), taken };
}

function append(record: Record<string, unknown>, key: string, value: string): void {
  record[key] = [...((record[key] as string[] | undefined) ?? []), value];
}
