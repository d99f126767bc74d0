import {
  both,
  type Chain,
  inRange,
  interfaceIs,
  type Match,
  matching,
  negated,
  type Packet,
  portIn,
  type Rule,
} from './packet.js';

/** The chains of one table, and those of them that the hook `input` calls. */
export interface NftTable {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly inputs: readonly string[];
}

/** Reads `nft -n list ruleset`, which shows the rules of iptables-nft too. Total: what is not understood is `maybe`. */
export function parseNftRuleset(text: string): NftTable[] {
  const tables: { chains: Map<string, Chain>; inputs: string[] }[] = [];
  let table: (typeof tables)[number] | undefined;
  let chain: { name: string; rules: Rule[]; policy?: 'accept' | 'drop' } | undefined;
  for (const line of text.split('\n').map((each) => each.trim())) {
    const [, family] = /^table (\S+) \S+ \{/.exec(line) ?? [];
    if (family !== undefined) {
      table = { chains: new Map(), inputs: [] };
      if (['ip', 'ip6', 'inet'].includes(family)) tables.push(table);
      continue;
    }
    const name = /^chain (\S+) \{/.exec(line)?.[1];
    if (name !== undefined) {
      chain = { name, rules: [] };
      continue;
    }
    if (line === '}') {
      if (chain !== undefined) table?.chains.set(chain.name, chain);
      chain = undefined;
      continue;
    }
    if (chain === undefined || line === '') continue;
    const hook = /^type \S+ hook (\S+)/.exec(line)?.[1];
    if (hook === undefined) chain.rules.push(readRule(line));
    else {
      if (hook === 'input') table?.inputs.push(chain.name);
      const policy = /policy (accept|drop)/.exec(line)?.[1];
      if (policy !== undefined) chain.policy = policy === 'drop' ? 'drop' : 'accept';
    }
  }
  return tables;
}

/** A set `{ 21, 80-90 }` is one word; so is a string in quotes. */
function wordsOf(line: string): string[] {
  return (line.match(/\{[^}]*\}|"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));
}

const listOf = (value: string): string[] =>
  value
    .replace(/^\{|\}$/g, '')
    .split(',')
    .map((one) => one.trim().replace(/^"(.*)"$/, '$1'))
    .filter((one) => one !== '');

const anyOf = (matches: readonly Match[]): Match =>
  matches.includes('yes') ? 'yes' : matches.includes('maybe') ? 'maybe' : 'no';

const numbers: Readonly<Record<string, Packet['protocol']>> = {
  '6': 'tcp',
  '17': 'udp',
  '132': 'sctp',
  '4': 'ipip',
  ipencap: 'ipip',
  '112': 'vrrp',
};
const protocolIs = (packet: Packet, value: string): Match =>
  matching((numbers[value] ?? value) === packet.protocol);

/** Two words that ask for something of the packet → how one value is compared. */
const asks: Readonly<Record<string, (packet: Packet, value: string) => Match>> = {
  'ip saddr': ({ source }, value) => inRange(source, value),
  'ip6 saddr': ({ source }, value) => inRange(source, value),
  'ip daddr': ({ destination }, value) => inRange(destination, value),
  'ip6 daddr': ({ destination }, value) => inRange(destination, value),
  'tcp dport': (packet, value) => both(protocolIs(packet, 'tcp'), portIn(packet.port, value)),
  'udp dport': (packet, value) => both(protocolIs(packet, 'udp'), portIn(packet.port, value)),
  'th dport': (packet, value) => portIn(packet.port, value),
  'ip protocol': protocolIs,
  'ip6 nexthdr': protocolIs,
  'meta l4proto': protocolIs,
  // New is 0x8 of conntrack's state bits, as `-n` may print it.
  'ct state': (_, value) => matching(value === 'new' || value === '0x8'),
};

const familyOf: Readonly<Record<string, boolean>> = {
  'ip saddr': false,
  'ip daddr': false,
  'ip protocol': false,
  'ip6 saddr': true,
  'ip6 daddr': true,
  'ip6 nexthdr': true,
};

const plainVerdicts: Readonly<Record<string, Rule['target']>> = {
  accept: { kind: 'accept' },
  drop: { kind: 'drop' },
  return: { kind: 'return' },
};

function readRule(line: string): Rule {
  const words = wordsOf(line.replace(/\s+# handle \d+$/, ''));
  const all: ((packet: Packet) => Match)[] = [];
  let target: Rule['target'] = { kind: 'none' };
  let packets: number | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const pair = `${word} ${words[i + 1] ?? ''}`;
    const ask = asks[pair];
    const plain = plainVerdicts[word];
    if (ask !== undefined || word === 'iif' || word === 'iifname') {
      i += ask === undefined ? 1 : 2;
      const not = words[i] === '!=';
      if (not) i++;
      const values = statesOf(pair, words, i);
      i += values.used;
      const wantsSix = familyOf[pair];
      all.push((packet) => {
        if (wantsSix !== undefined && packet.destination.includes(':') !== wantsSix) return 'no';
        const match = anyOf(
          values.list.map((value) =>
            ask === undefined ? interfaceIs(packet.interface, value) : ask(packet, value),
          ),
        );
        return not ? negated(match) : match;
      });
    } else if (plain !== undefined) target = plain;
    else if (word === 'reject') {
      target = { kind: 'reject' };
      break;
    } else if (word === 'jump' || word === 'goto') target = { kind: word, chain: words[++i] ?? '' };
    else if (word === 'counter') {
      if (words[i + 1] === 'packets') {
        packets = Number(words[i + 2]) || 0;
        i += 4;
      }
    } else if (word === 'comment') i++;
    else if (word === 'log') {
      while (['prefix', 'level', 'group', 'flags'].includes(words[i + 1] ?? '')) i += 2;
    } else all.push(() => 'maybe');
  }
  return {
    text: line,
    match: (packet) => all.reduce<Match>((sum, test) => both(sum, test(packet)), 'yes'),
    target,
    ...(packets !== undefined && { packets }),
  };
}

/** The values that are asked for: `{ 21, 80 }`, `21`, or a list without braces as `ct state established,related` has. */
function statesOf(pair: string, words: readonly string[], at: number): { list: string[]; used: number } {
  let text = words[at] ?? '';
  let used = 0;
  while (pair === 'ct state' && text.endsWith(',')) {
    used++;
    text += words[at + used] ?? '';
  }
  return { list: listOf(text), used };
}
