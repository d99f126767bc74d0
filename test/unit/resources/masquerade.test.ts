import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { masquerade } from '../../../src/resources/index.js';
import {
  iptablesNatWords,
  type Masquerade,
  nftNatRules,
  nftNatTable,
  parseIptablesNat,
  parseNftNat,
} from '../../../src/resources/masqueradeRules.js';
import { nothingChanging, said } from './shells.js';

const rules: readonly Masquerade[] = [
  { to: '10.84.1.11', protocol: 'tcp', ports: { first: 8080, last: 8080 } },
  { to: '10.84.1.12', protocol: 'udp', ports: { first: 5000, last: 5010 } },
  { to: 'fd00:84:1::11' },
  { from: '10.84.1.11', network: '10.84.1.0/24' },
  { from: 'fd00:84:1::11', network: 'fd00:84:1::/64' },
];

/** `nft -nn list table`, of nftables 1.0.6. */
const nftShown = `@@ nft ip
table ip lvsctl_nat {
	chain prerouting {
		type nat hook prerouting priority -100; policy accept;
	}

	chain postrouting {
		type nat hook postrouting priority 100; policy accept;
		ip daddr 10.84.1.11 tcp dport 8080 masquerade
		ip daddr 10.84.1.12 udp dport 5000-5010 masquerade
		ip saddr 10.84.1.11 ip daddr 10.84.1.0/24 return
		ip saddr 10.84.1.11 tcp flags 0x2 masquerade
		ip saddr 10.84.1.11 udp dport 1-65535 masquerade
	}
}
@@ nft ip6
table ip6 lvsctl_nat {
	chain prerouting {
		type nat hook prerouting priority -100; policy accept;
	}

	chain postrouting {
		type nat hook postrouting priority 100; policy accept;
		ip6 daddr fd00:84:1::11 masquerade
		ip6 saddr fd00:84:1::11 ip6 daddr fd00:84:1::/64 return
		ip6 saddr fd00:84:1::11 tcp flags 0x2 masquerade
		ip6 saddr fd00:84:1::11 udp dport 1-65535 masquerade
	}
}
`;

/** `iptables -t nat -L -n` and ip6tables', of 1.8.9. */
const iptablesShown = `@@ iptables
Chain PREROUTING (policy ACCEPT)
target     prot opt source               destination         

Chain POSTROUTING (policy ACCEPT)
target     prot opt source               destination         
MASQUERADE  0    --  172.17.0.0/16        0.0.0.0/0           
LVSCTL-NAT  0    --  0.0.0.0/0            0.0.0.0/0           

Chain LVSCTL-NAT (1 references)
target     prot opt source               destination         
MASQUERADE  6    --  0.0.0.0/0            10.84.1.11           tcp dpt:8080
MASQUERADE  17   --  0.0.0.0/0            10.84.1.12           udp dpts:5000:5010
RETURN     0    --  10.84.1.11           10.84.1.0/24        
MASQUERADE  6    --  10.84.1.11           0.0.0.0/0            tcp flags:0x17/0x02
MASQUERADE  17   --  10.84.1.11           0.0.0.0/0            udp dpts:1:65535
@@ ip6tables
Chain POSTROUTING (policy ACCEPT)
target     prot opt source               destination         
LVSCTL-NAT  0    --  ::/0                 ::/0                

Chain LVSCTL-NAT (1 references)
target     prot opt source               destination         
MASQUERADE  0    --  ::/0                 fd00:84:1::11       
RETURN     0    --  fd00:84:1::11        fd00:84:1::/64      
MASQUERADE  6    --  fd00:84:1::11        ::/0                 tcp flags:0x17/0x02
MASQUERADE  17   --  fd00:84:1::11        ::/0                 udp dpts:1:65535
`;

const range = fc
  .tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 }))
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));

const wanted: fc.Arbitrary<Masquerade[]> = fc.array(
  fc.oneof(
    fc.constantFrom<Masquerade>(...rules),
    fc.record({
      to: fc.constantFrom('10.84.1.11', '192.0.2.132', 'fd00::11', 'fd00:32::128'),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
      ports: range,
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

describe('what the tools show', () => {
  it('of nft is read as it was written', () => {
    fc.assert(
      fc.property(wanted, fc.constantFrom(4 as const, 6 as const), (list, family) => {
        const lines = nftNatRules(list, family);
        const shown = nftNatTable(lines, family).slice(2).join('\n');
        expect(parseNftNat(shown, family)).toEqual({ there: true, whole: true, rules: lines });
      }),
    );
  });

  it.each(['tcp', '6'])('of iptables is read as it was written (%s)', (shownAs) => {
    fc.assert(
      fc.property(wanted, fc.constantFrom(4 as const, 6 as const), (list, family) => {
        const any = family === 4 ? '0.0.0.0/0' : '::/0';
        const lines = iptablesNatWords(list, family).map((words) => {
          const wordAfter = (option: string) => words[words.indexOf(option) + 1] ?? '';
          const address = (option: string) => (words.includes(option) ? wordAfter(option) : any);
          const ports = words.includes('--dport') ? wordAfter('--dport') : undefined;
          const match =
            ports === undefined
              ? words.includes('--syn')
                ? `tcp flags:0x${shownAs === '6' ? 17 : 16}/0x02 `
                : ''
              : `${wordAfter('-p')} ${ports.includes(':') ? 'dpts' : 'dpt'}:${ports} `;
          const number = shownAs === '6' ? '6' : words.includes('-p') ? wordAfter('-p') : 'all';
          return `${wordAfter('-j')}  ${number} ${shownAs === '6' ? '--' : '  '}  ${address('-s')}  ${address('-d')}   ${match}`;
        });
        const shown = `Chain POSTROUTING (policy ACCEPT)\nLVSCTL-NAT  all -- anywhere\n\nChain LVSCTL-NAT (1 references)\n${lines.join('\n')}\n`;
        expect(parseIptablesNat(shown)).toEqual({
          there: true,
          whole: true,
          rules: iptablesNatWords(list, family).map((words) => words.join(' ')),
        });
      }),
    );
  });

  it('that is anything else never throws, and is no rule of ours', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseIptablesNat(`Chain LVSCTL-NAT (0 references)\n${text}`).rules).toEqual([]);
        expect(parseNftNat(text, 4).rules).toEqual([]);
      }),
    );
  });
});

describe('masquerading', () => {
  const byNft = masquerade({ rules, by: 'nft' });
  const byIptables = masquerade({ rules, by: 'iptables' });

  it('is right as the tools show it', () => {
    expect(byNft.plan(said(nftShown), nothingChanging)).toBeUndefined();
    expect(byIptables.plan(said(iptablesShown), nothingChanging)).toBeUndefined();
    expect(masquerade({ rules: [], by: 'nft' }).plan(said(''), nothingChanging)).toBeUndefined();
  });

  it.each([
    [
      'a rule is missing',
      nftShown.replace('\t\tip saddr 10.84.1.11 tcp flags 0x2 masquerade\n', ''),
      '+ ip saddr 10.84.1.11 tcp flags syn masquerade\n',
    ],
    [
      'a rule is too much',
      nftShown.replace('\t\tip saddr 10.84.1.11 tcp', '\t\tip saddr 10.84.1.99 masquerade\n$&'),
      '- ip saddr 10.84.1.99 masquerade\n',
    ],
    [
      'a rule was changed',
      nftShown.replace('ip daddr 10.84.1.11 tcp', 'iifname "eth1" $&'),
      '- iifname "eth1" ip daddr 10.84.1.11 tcp dport 8080 masquerade\n+ ip daddr 10.84.1.11 tcp dport 8080 masquerade\n',
    ],
    ['the order is another', nftShown.replace(/(\t\tip saddr .*return\n)(\t\tip saddr .*\n)/, '$2$1'), ''],
    ['the hook is another', nftShown.replace('priority 100', 'priority 0'), ''],
  ])('by nft is put anew as a whole when %s', (_, shown, diff) => {
    expect(shown).not.toBe(nftShown);
    const change = byNft.plan(said(shown), nothingChanging);
    expect(change?.diff).toBe(diff);
    expect(change?.apply.text).toContain("'flush table ip lvsctl_nat'");
    expect(change?.apply.text).not.toContain('ip6 lvsctl_nat');
  });

  it('by iptables: the chain is written anew in one commit', () => {
    const fewer = masquerade({ rules: rules.slice(0, 1), by: 'iptables' });
    const change = fewer.plan(said(iptablesShown), nothingChanging);
    expect(change?.apply.text).toContain(
      "\nprintf '%s\\n' '-A LVSCTL-NAT -d 10.84.1.11 -p tcp --dport 8080 -j MASQUERADE' | own_chain iptables nat LVSCTL-NAT POSTROUTING -A\n",
    );
    expect(change?.apply.text).not.toMatch(/^drop_chain iptables /m);
    expect(change?.apply.text).toContain('\ndrop_chain ip6tables nat LVSCTL-NAT POSTROUTING');
  });

  it('by iptables: a chain that nothing jumps to, or that has a foreign rule, is written anew', () => {
    const lost = iptablesShown.replace(/^LVSCTL-NAT .*0\.0\.0\.0\/0 +\n/m, '');
    const foreign = iptablesShown.replace(
      /^RETURN .*24 +\n/m,
      '$&ACCEPT     0    --  10.84.1.7            0.0.0.0/0\n',
    );
    for (const shown of [lost, foreign]) {
      expect(shown).not.toBe(iptablesShown);
      const text = byIptables.plan(said(shown), nothingChanging)?.apply.text;
      expect(text).toMatch(/ \| own_chain iptables nat LVSCTL-NAT POSTROUTING -A$/);
    }
  });

  it('leaves nothing behind where it is wanted no more, or kept by the other tool', () => {
    const none = masquerade({ rules: [], by: 'nft' }).plan(said(nftShown + iptablesShown), nothingChanging);
    for (const part of [
      'nft delete table ip lvsctl_nat',
      'nft delete table ip6 lvsctl_nat',
      '\ndrop_chain iptables nat LVSCTL-NAT POSTROUTING',
      '\ndrop_chain ip6tables nat LVSCTL-NAT POSTROUTING',
    ])
      expect(none?.apply.text).toContain(part);
    const moved = byNft.plan(said(nftShown + iptablesShown), nothingChanging);
    expect(moved?.summary).toBe('masquerade no more (by iptables); masquerade no more (by ip6tables)');
  });

  it.each([
    ['nft', byNft, iptablesShown, [/own_table$/m, /^drop_chain /m]],
    ['iptables', byIptables, nftShown, [/POSTROUTING -A$/m, /^nft delete/m]],
  ] as const)('moves to %s without a moment in which neither has it', (_, resource, shown, [come, go]) => {
    const text = resource.plan(said(shown), nothingChanging)?.apply.text ?? '';
    expect(text.search(come)).toBeGreaterThan(-1);
    expect(text.search(come)).toBeLessThan(text.search(go));
  });
});
