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

type Test = (packet: Packet) => Match;

/** Reads the filter table of `iptables-save -c` (1.2.7a of Red Hat 9 to today's). Total: what is not understood is `maybe`. */
export function parseIptablesSave(text: string): Map<string, Chain> {
  const chains = new Map<string, { rules: Rule[]; policy?: 'accept' | 'drop' }>();
  for (const line of text.split('\n')) {
    const [, name, policy] = /^:(\S+) (ACCEPT|DROP|-)/.exec(line) ?? [];
    if (name !== undefined)
      chains.set(name, {
        rules: [],
        ...(policy !== '-' && { policy: policy === 'DROP' ? ('drop' as const) : ('accept' as const) }),
      });
    const [, packets, chain = '', rest = ''] = /^(?:\[(\d+):\d+\] )?-A (\S+)(.*)$/.exec(line) ?? [];
    if (rest === '' && chain === '') continue;
    const text = `-A ${chain}${rest}`;
    chains.get(chain)?.rules.push({
      text,
      ...readRule(wordsOf(rest)),
      ...(packets !== undefined && { packets: Number(packets) }),
    });
  }
  return chains;
}

function wordsOf(text: string): string[] {
  return (text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));
}

/** Options that say nothing of the packet, with the number of words that follow. */
const silent: Readonly<Record<string, number>> = {
  '-m': 1,
  '--comment': 1,
  '--reject-with': 1,
  '--log-prefix': 1,
  '--log-level': 1,
};

const tests: Readonly<Record<string, (value: string) => Test>> = {
  '-s':
    (value) =>
    ({ source }) =>
      inRange(source, value),
  '-d':
    (value) =>
    ({ destination }) =>
      inRange(destination, value),
  '-i':
    (value) =>
    ({ interface: name }) =>
      interfaceIs(name, value),
  '-p':
    (value) =>
    ({ protocol }) =>
      matching(value === 'all' || protocolNames[protocol].includes(value)),
  '--dport':
    (value) =>
    ({ port }) =>
      portIn(port, value),
  '--dports': (value) => (packet) => anyOf(value.split(',').map((one) => portIn(packet.port, one))),
  '--state': (value) => () => matching(value.split(',').includes('NEW')),
  '--ctstate': (value) => () => matching(value.split(',').includes('NEW')),
  '--syn': () => () => 'yes',
};
const aliases: Readonly<Record<string, string>> = {
  '--destination-port': '--dport',
  '--destination-ports': '--dports',
};

const protocolNames = {
  tcp: ['tcp', '6'],
  udp: ['udp', '17'],
  sctp: ['sctp', '132'],
  ipip: ['ipencap', 'ipip', '4'],
  vrrp: ['vrrp', '112'],
} as const satisfies Record<Packet['protocol'], readonly string[]> as Readonly<
  Record<Packet['protocol'], readonly string[]>
>;

function anyOf(matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  return matches.includes('maybe') ? 'maybe' : 'no';
}

const targets: Readonly<Record<string, Rule['target']>> = {
  ACCEPT: { kind: 'accept' },
  DROP: { kind: 'drop' },
  REJECT: { kind: 'reject' },
  RETURN: { kind: 'return' },
  LOG: { kind: 'none' },
};

function readRule(words: readonly string[]): Pick<Rule, 'match' | 'target'> {
  const all: Test[] = [];
  let target: Rule['target'] = { kind: 'none' };
  let not = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const option = aliases[word] ?? word;
    if (option === '!') {
      not = true;
      continue;
    }
    if (option === '-j' || option === '-g') {
      const name = words[++i] ?? '';
      target = targets[name] ?? { kind: option === '-j' ? 'jump' : 'goto', chain: name };
      continue;
    }
    const quiet = silent[option];
    if (quiet !== undefined) {
      i += quiet;
      continue;
    }
    const test = tests[option];
    if (test === undefined) {
      all.push(() => 'maybe');
      continue;
    }
    // Until iptables 1.4.3 the exclamation mark stood before the value.
    if (option !== '--syn' && words[i + 1] === '!') {
      not = true;
      i++;
    }
    const made = test(option === '--syn' ? '' : (words[++i] ?? ''));
    const negate = not;
    all.push((packet) => (negate ? negated(made(packet)) : made(packet)));
    not = false;
  }
  return { match: (packet) => all.reduce<Match>((sum, test) => both(sum, test(packet)), 'yes'), target };
}
