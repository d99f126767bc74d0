/** The first packet of a connection, as a rule of a packet filter sees it. What is undefined is not known. */
export interface Packet {
  readonly source: string | undefined;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'ipip' | 'vrrp';
  /** Destination's. */
  readonly port: number | undefined;
  /** Interface that it comes in by. */
  readonly interface: string;
}

/** What becomes of a packet for sure; a filter that can't be read to its end is silent. */
export interface Refusal {
  readonly verdict: 'drop' | 'reject';
  /** The rule as its tool prints it, or the policy of a chain. */
  readonly rule: string;
  /** Packets that it has met, where it counts. */
  readonly packets?: number;
}

/** Whether a rule matches: `maybe` where it asks for what is not known of the packet, or is not understood. */
export type Match = 'yes' | 'no' | 'maybe';

export function both(one: Match, other: Match): Match {
  if (one === 'no' || other === 'no') return 'no';
  return one === 'maybe' || other === 'maybe' ? 'maybe' : 'yes';
}

export function negated(match: Match): Match {
  return match === 'yes' ? 'no' : match === 'no' ? 'yes' : 'maybe';
}

export const matching = (holds: boolean): Match => (holds ? 'yes' : 'no');

/** Whether an address is in `10.0.0.0/8`, `10.0.0.0/255.0.0.0` or is `10.0.0.1`; IPv6 only as the same text. */
export function inRange(address: string | undefined, range: string): Match {
  if (address === undefined) return 'maybe';
  const [base = '', mask] = range.split('/');
  if (address.includes(':') || base.includes(':')) {
    if (base === address) return 'yes';
    return mask === undefined || mask === '128' ? matching(false) : 'maybe';
  }
  const [mine, its] = [numberOf(address), numberOf(base)];
  if (mine === undefined || its === undefined) return 'maybe';
  const bits = mask === undefined ? 32 : mask.includes('.') ? undefined : Number(mask);
  const wide = bits === undefined ? numberOf(mask ?? '') : bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
  if (wide === undefined) return 'maybe';
  return matching((mine & wide) >>> 0 === (its & wide) >>> 0);
}

function numberOf(address: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return undefined;
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** `21`, `20:21` or `20-21`. */
export function portIn(port: number | undefined, range: string): Match {
  if (port === undefined) return 'maybe';
  const [, first, last] = /^(\d+)(?:[:-](\d+))?$/.exec(range) ?? [];
  if (first === undefined) return 'maybe';
  return matching(port >= Number(first) && port <= Number(last ?? first));
}

/** `eth0`, `eth+`, `eth*`. */
export function interfaceIs(name: string, pattern: string): Match {
  const stem = /^(.*)[+*]$/.exec(pattern)?.[1];
  return matching(stem === undefined ? name === pattern : name.startsWith(stem));
}

export interface Rule {
  readonly text: string;
  readonly match: (packet: Packet) => Match;
  readonly target:
    | { readonly kind: 'accept' | 'drop' | 'reject' | 'return' }
    | { readonly kind: 'jump' | 'goto'; readonly chain: string }
    /** Counts, logs, marks: the packet goes on. */
    | { readonly kind: 'none' }
    /** Not understood. */
    | { readonly kind: 'unknown' };
  readonly packets?: number;
}

export interface Chain {
  readonly rules: readonly Rule[];
  /** Of a chain that a hook calls. */
  readonly policy?: 'accept' | 'drop';
}

type Outcome = 'on' | 'accepted' | 'unsure' | Refusal;

/**
 * What the chain of a hook does with a packet: a refusal only where every rule before it is known not to take the packet.
 */
export function refusalOf(
  chains: ReadonlyMap<string, Chain>,
  name: string,
  packet: Packet,
): Refusal | undefined {
  const outcome = walk(chains, name, packet, 0);
  if (typeof outcome === 'object') return outcome;
  const policy = chains.get(name)?.policy;
  return outcome === 'on' && policy === 'drop'
    ? { verdict: 'drop', rule: `policy of ${name}: drop` }
    : undefined;
}

function walk(chains: ReadonlyMap<string, Chain>, name: string, packet: Packet, depth: number): Outcome {
  const chain = chains.get(name);
  // Linux refuses loops; a listing that has one is no listing.
  if (!chain || depth > 16) return 'unsure';
  for (const rule of chain.rules) {
    const match = rule.match(packet);
    if (match === 'no' || rule.target.kind === 'none') continue;
    const outcome = follow(chains, rule, packet, depth);
    if (outcome === 'on') {
      if (rule.target.kind === 'return' || rule.target.kind === 'goto')
        return match === 'yes' ? 'on' : 'unsure';
      continue;
    }
    // Where a refusal only may apply, the rest may accept: nothing is known.
    return match === 'yes' ? outcome : 'unsure';
  }
  return 'on';
}

function follow(
  chains: ReadonlyMap<string, Chain>,
  { target, text, packets }: Rule,
  packet: Packet,
  depth: number,
): Outcome {
  switch (target.kind) {
    case 'accept':
      return 'accepted';
    case 'drop':
    case 'reject':
      return { verdict: target.kind, rule: text, ...(packets !== undefined && { packets }) };
    case 'jump':
    case 'goto':
      return walk(chains, target.chain, packet, depth + 1);
    case 'unknown':
      return 'unsure';
    case 'return':
    case 'none':
      return 'on';
  }
}
