import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newPacketMarks, packetMarks } from '../../../src/resources/index.js';
import {
  iptablesWords,
  type MarkRule,
  mergedPorts,
  nftTable,
  parseIptables,
  parseNft,
  single,
} from '../../../src/resources/markRules.js';
import { apply, fakeCommands, nothingChanging, probe, said, shells, temporaryFolder } from './shells.js';

const ftp: MarkRule = {
  mark: 256,
  vip: '10.83.33.100',
  protocol: 'tcp',
  ports: [
    { first: 21, last: 21 },
    { first: 50000, last: 50100 },
  ],
};
const web6: MarkRule = { mark: 7, vip: 'fd00::100', protocol: 'udp', ports: [{ first: 80, last: 90 }] };

/** `nft -nn list table`, of nftables 1.0.6. */
const nftShown = `table inet lvsctl_marks {
	chain prerouting {
		type filter hook prerouting priority -150; policy accept;
		ip daddr 10.83.33.100 tcp dport { 21, 50000-50100 } meta mark set 0x00000100
		ip6 daddr fd00::100 udp dport 80-90 meta mark set 0x00000007
	}
}
`;

/** `iptables -t mangle -L -n`, of 1.8.9, beside a chain of another. */
const iptablesShown = `Chain PREROUTING (policy ACCEPT)
target     prot opt source               destination
LVSCTL-MARKS  0    --  0.0.0.0/0            0.0.0.0/0

Chain INPUT (policy ACCEPT)
target     prot opt source               destination

Chain LVSCTL-MARKS (1 references)
target     prot opt source               destination
MARK       6    --  0.0.0.0/0            10.83.33.100         tcp dpt:21 MARK set 0x100
MARK       6    --  0.0.0.0/0            10.83.33.100         tcp dpts:50000:50100 MARK set 0x100

Chain OTHERS (1 references)
target     prot opt source               destination
MARK       6    --  0.0.0.0/0            10.83.33.101         tcp dpt:80 MARK set 0x1
`;

const ip6tablesShown = `Chain PREROUTING (policy ACCEPT)
target     prot opt source               destination
LVSCTL-MARKS  0    --  ::/0                 ::/0

Chain LVSCTL-MARKS (1 references)
target     prot opt source               destination
MARK       17   --  ::/0                 fd00::100            udp dpts:80:90 MARK set 0x7
`;

const rule: fc.Arbitrary<MarkRule> = fc.record({
  mark: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  vip: fc.constantFrom('10.83.33.100', 'fd00::100', '192.168.7.110'),
  protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
  ports: fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 1, max: 65535 }))
      .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
    { minLength: 1, maxLength: 5 },
  ),
});

describe('ports in one form', () => {
  it('take in the same ports as before, and no neighbours are left apart', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: 1, max: 65535 }), ({ ports }, port) => {
        const merged = mergedPorts(ports);
        const takes = (ranges: typeof ports) =>
          ranges.some(({ first, last }) => first <= port && port <= last);
        expect(takes(merged)).toBe(takes(ports));
        for (const [i, { first }] of merged.entries())
          if (i > 0) expect(first).toBeGreaterThan((merged[i - 1]?.last ?? 0) + 1);
      }),
    );
  });
});

describe('what the tools show', () => {
  it('of nft is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), (rules) => {
        const shown = nftTable(rules).slice(2).join('\n');
        expect(parseNft(shown)).toEqual({ there: true, whole: true, rules: single(rules) });
      }),
    );
  });

  it.each(['tcp', '6'])('of iptables is read as it was written (%s)', (shownAs) => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), (rules) => {
        const lines = single(rules).map((one) => {
          const [, vip, , protocol, , ports, , , , mark] = iptablesWords(one);
          const several = ports?.includes(':');
          const set = Number(mark) === 0xffffffff ? 'or' : 'set';
          const any = one.vip.includes(':') ? '::/0' : '0.0.0.0/0';
          return `MARK       ${shownAs === '6' ? 6 : protocol}  ${shownAs === '6' ? '--' : '  '}  ${any}  ${vip}  ${protocol} ${several ? 'dpts' : 'dpt'}:${ports} MARK ${set} 0x${Number(mark).toString(16)} `;
        });
        const shown = `Chain PREROUTING (policy ACCEPT)\nLVSCTL-MARKS  all -- anywhere\n\nChain LVSCTL-MARKS (1 references)\n${lines.join('\n')}\n`;
        expect(parseIptables(shown)).toEqual({ there: true, whole: true, rules: single(rules) });
      }),
    );
  });

  it('that is anything else never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, headed) => {
        const head = headed ? 'table inet lvsctl_marks {\nChain LVSCTL-MARKS (0 references)\n' : '';
        expect(parseNft(head + text).rules).toEqual([]);
        expect(parseIptables(head + text).rules).toEqual([]);
      }),
    );
  });

  it('of Linux 2.4 (iptables 1.2.7a) is read too', () => {
    const shown = iptablesShown
      .replaceAll(/^MARK {7}6 /gm, 'MARK       tcp')
      .replaceAll('dpt:21 MARK', 'dpt:21 MARK');
    expect(parseIptables(shown).rules).toEqual(single([ftp]));
  });
});

describe('packet marks', () => {
  const marks = packetMarks({ rules: [ftp, web6], by: 'nft' });

  it('are right when nft shows them, and put anew as a whole when one is missing', () => {
    expect(marks.plan(said(`@@ nft\n${nftShown}`), nothingChanging)).toBeUndefined();
    const change = marks.plan(said(`@@ nft\n${nftShown.replace(', 50000-50100', '')}`), nothingChanging);
    expect(change?.summary).toBe('mark packets: tcp 10.83.33.100 50000-50100 → 256 (by nft)');
    expect(change?.diff).toBe('+ tcp 10.83.33.100 50000-50100 → 256\n');
    expect(change?.apply.text).toContain("'flush table inet lvsctl_marks'");
  });

  it.each([
    ['another priority', nftShown.replace('-150', '0')],
    ['a condition of somebody else’s', nftShown.replace('ip daddr', 'iifname "eth1" ip daddr')],
  ])('are put anew for %s', (_, shown) => {
    expect(marks.plan(said(`@@ nft\n${shown}`), nothingChanging)).toBeDefined();
  });

  it('leave nothing behind where they are wanted no more, or kept by the other tool', () => {
    const none = packetMarks({ rules: [], by: 'nft' });
    const both = said(`@@ nft\n${nftShown}@@ iptables\n${iptablesShown}`);
    const apply = none.plan(both, nothingChanging)?.apply.text ?? '';
    expect(apply).toContain('nft delete table inet lvsctl_marks');
    expect(apply).toContain('\ndrop_chain iptables mangle LVSCTL-MARKS PREROUTING');
    expect(none.plan(said(''), nothingChanging)).toBeUndefined();
    const moved = marks.plan(both, nothingChanging);
    expect(moved?.summary).toBe(
      'mark no more: tcp 10.83.33.100 21 → 256; tcp 10.83.33.100 50000-50100 → 256 (by iptables)',
    );
  });

  const byIptables = packetMarks({ rules: [ftp, web6], by: 'iptables' });
  const shown = `@@ iptables\n${iptablesShown}@@ ip6tables\n${ip6tablesShown}`;

  it('by iptables are right when both tools show them', () => {
    expect(byIptables.plan(said(shown), nothingChanging)).toBeUndefined();
  });

  it('by iptables: the chain is written anew in one commit, that of the other family is let be', () => {
    const wanted = packetMarks({ rules: [{ ...ftp, mark: 257 }, web6], by: 'iptables' });
    const change = wanted.plan(said(shown), nothingChanging);
    expect(change?.apply.text.split('\n').filter((line) => /^(drop_chain |printf)/.test(line))).toEqual([
      "printf '%s\\n' '-A LVSCTL-MARKS -d 10.83.33.100 -p tcp --dport 21 -j MARK --set-mark 257' " +
        "'-A LVSCTL-MARKS -d 10.83.33.100 -p tcp --dport 50000:50100 -j MARK --set-mark 257' " +
        '| own_chain iptables mangle LVSCTL-MARKS PREROUTING -I',
    ]);
  });

  it('by iptables: a chain that nothing jumps to is hooked in again', () => {
    const lost = shown.replace(/^LVSCTL-MARKS {2}0 .*0\.0\.0\.0\/0\n/m, '');
    const change = byIptables.plan(said(lost), nothingChanging);
    expect(change?.apply.text).toMatch(/\| own_chain iptables mangle LVSCTL-MARKS PREROUTING -I$/);
    expect(change?.apply.text).not.toContain('own_chain ip6tables');
  });

  describe('in two steps', () => {
    const web: MarkRule = {
      mark: 300,
      vip: '10.83.33.101',
      protocol: 'tcp',
      ports: [{ first: 80, last: 80 }],
    };
    const old: MarkRule = { ...ftp, ports: [{ first: 21, last: 21 }] };
    const shownOf = (rules: readonly MarkRule[]) => `@@ nft\n${nftTable(rules).slice(2).join('\n')}\n`;
    const steps = (found: string, rules: readonly MarkRule[], by: 'nft' | 'iptables' = 'nft') =>
      [newPacketMarks({ rules, by }), packetMarks({ rules, by, begun: true })].map((resource) =>
        resource.plan(said(found), nothingChanging),
      );

    it.each<[string, string, readonly MarkRule[], (string | undefined)[]]>([
      [
        'all where there are none',
        '',
        [ftp],
        ['+ tcp 10.83.33.100 21 → 256\n+ tcp 10.83.33.100 50000-50100 → 256\n', undefined],
      ],
      ['nothing where all are', shownOf([ftp]), [ftp], [undefined, undefined]],
      [
        'more ports of one mark first, those of a service that goes last',
        shownOf([old, web]),
        [ftp],
        ['+ tcp 10.83.33.100 50000-50100 → 256\n', '- tcp 10.83.33.101 80 → 300\n'],
      ],
      [
        'a packet’s other mark when the table has it',
        shownOf([web]),
        [{ ...web, mark: 301 }],
        [undefined, '- tcp 10.83.33.101 80 → 300\n+ tcp 10.83.33.101 80 → 301\n'],
      ],
      ['none any more at the end', shownOf([web]), [], [undefined, '- tcp 10.83.33.101 80 → 300\n']],
      [
        'what can’t be read is written anew at the end',
        shownOf([web]).replace('-150', '0'),
        [web, ftp],
        [undefined, '+ tcp 10.83.33.100 21 → 256\n+ tcp 10.83.33.100 50000-50100 → 256\n'],
      ],
    ])('%s', (_, found, rules, diffs) => {
      expect(steps(found, rules).map((change) => change?.diff)).toEqual(diffs);
    });

    it('by iptables: each family by its own', () => {
      const [first, second] = steps(`@@ iptables\n${iptablesShown}`, [ftp, web, web6], 'iptables');
      expect(first?.summary).toBe(
        'mark packets: tcp 10.83.33.101 80 → 300 (by iptables); mark packets: udp fd00::100 80-90 → 7 (by ip6tables)',
      );
      expect(second).toBeUndefined();
    });

    it('end where one step would', () => {
      fc.assert(
        fc.property(fc.array(rule, { maxLength: 4 }), fc.array(rule, { maxLength: 4 }), (before, rules) => {
          const written = (text: string) =>
            [...text.matchAll(/'(ip6? daddr [^']*)'/g)].map(([, line]) => line).join('\n');
          const [first, second] = steps(shownOf(before), rules);
          const last = second ?? first;
          if (last === undefined || rules.length === 0) return;
          const shown = `table inet lvsctl_marks {\ntype filter hook prerouting priority -150;\n${written(last.apply.text)}\n}`;
          const right = packetMarks({ rules, by: 'nft' }).plan(said(`@@ nft\n${shown}`), nothingChanging);
          expect(right?.diff).toBeUndefined();
        }),
      );
    });
  });

  describe.each(shells)('what iptables-restore is told, by %s', (_, shell) => {
    const rules = [
      '-A LVSCTL-MARKS -d 10.83.33.100 -p tcp --dport 21 -j MARK --set-mark 256',
      '-A LVSCTL-MARKS -d 10.83.33.100 -p tcp --dport 50000:50100 -j MARK --set-mark 256',
    ];
    const change = () => {
      const found = packetMarks({ rules: [ftp], by: 'iptables' }).plan(said(''), nothingChanging);
      if (found === undefined) throw new Error('nothing to do');
      return found;
    };
    /** Fakes that take down what restore is told; it exits with these statuses, one after the other. */
    const told = (list: string, ...statuses: readonly number[]) => {
      const folder = fakeCommands({
        iptables: list,
        'iptables-restore': `echo "$*" >> "$LOG"; cat >> "$LOG"
case $(grep -c COMMIT "$LOG") in ${statuses.map((status, at) => `${at + 1}) exit ${status} ;;`).join(' ')} esac`,
      });
      const log = join(temporaryFolder(), 'log');
      const { status } = apply(shell, change(), { PATH: `${folder}:${process.env.PATH}`, LOG: log });
      return { status, log: readFileSync(log, 'utf8') };
    };

    it('makes the chain and what jumps to it', () => {
      const { status, log } = told('case "$*" in *"-L LVSCTL-MARKS"*) exit 1 ;; esac');
      expect(status).toBe(0);
      const text = ['*mangle', '-N LVSCTL-MARKS', ...rules, '-I PREROUTING -j LVSCTL-MARKS', 'COMMIT'];
      expect(log).toBe(`--noflush\n${text.join('\n')}\n`);
    });

    it('empties one that is there, and leaves what jumps to it', () => {
      const { log } = told('echo "LVSCTL-MARKS  all  --  0.0.0.0/0  0.0.0.0/0"');
      expect(log).toBe(`--noflush\n${['*mangle', '-F LVSCTL-MARKS', ...rules, 'COMMIT'].join('\n')}\n`);
    });

    it.each(['LVSCTL-MARKS', 'PREROUTING'])('is told nothing while the list of %s can’t be had', (chain) => {
      const busy = `case "$*" in *"-L ${chain}"*) [ -e "$LOG" ] || { : > "$LOG"; exit 4; } ;; esac`;
      const { status, log } = told(`${busy}; echo "LVSCTL-MARKS  all  --  0.0.0.0/0  0.0.0.0/0"`);
      expect(status).toBe(0);
      expect(log).toBe(`--noflush\n${['*mangle', '-F LVSCTL-MARKS', ...rules, 'COMMIT'].join('\n')}\n`);
    });

    it('is told again while another program holds the tables, and no more after any other failure', () => {
      const busy = told(':', 4, 4);
      expect({ status: busy.status, times: busy.log.match(/COMMIT/g)?.length }).toEqual({
        status: 0,
        times: 3,
      });
      const refused = told(':', 2);
      expect({ status: refused.status, times: refused.log.match(/COMMIT/g)?.length }).toEqual({
        status: 1,
        times: 1,
      });
    });
  });

  describe('while another program holds the tables', () => {
    const busy = 'echo "Another app is currently holding the xtables lock." >&2; exit 4';
    /** Takes down what it is told, and has its chain and one jump to it, until that goes. `refuses` comes first. */
    const iptables = (refuses: string) => `echo "$*" >> "$LOG"
times=$(grep -c -e " $3 " "$LOG")
${refuses}
case $3 in -D) [ ! -e "$LOG.gone" ] && : > "$LOG.gone" ;; -L) cat "$LOG.list" ;; esac`;
    const grep = execFileSync('sh', ['-c', 'command -v grep'], { encoding: 'utf8' }).trim();
    const host = (refuses: string) => {
      const log = join(temporaryFolder(), 'log');
      writeFileSync(`${log}.list`, iptablesShown);
      const commands = fakeCommands({
        iptables: iptables(refuses),
        'iptables-legacy': iptables(refuses),
        nft: 'exit 1',
        ip6tables: 'exit 1',
        // The table is loaded, that of ip6tables is not.
        grep: `case $* in *ip_tables_names*) exit 0 ;; *names*) exit 1 ;; esac; exec ${grep} "$@"`,
        sleep: ':',
      });
      return { log, environment: { PATH: `${commands}:${process.env.PATH}`, LOG: log } };
    };
    const none = packetMarks({ rules: [], by: 'iptables' });
    const gone = () => {
      const change = none.plan(said(`@@ iptables\n${iptablesShown}`), nothingChanging);
      if (change === undefined) throw new Error('nothing to do');
      return change;
    };
    const steps = ['-D', '-F', '-X'];

    it.each(shells.flatMap(([name, shell]) => steps.map((step) => [step, name, shell] as const)))(
      'the chain goes all the same, %s is tried again, by %s',
      (step, _, shell) => {
        const { log, environment } = host(`if [ $3 = ${step} ] && [ $times = 1 ]; then ${busy}; fi`);
        expect(apply(shell, gone(), environment)).toMatchObject({ status: 0 });
        const told = readFileSync(log, 'utf8').trimEnd().split('\n');
        expect([...new Set(told)]).toEqual([
          '-t mangle -D PREROUTING -j LVSCTL-MARKS',
          '-t mangle -F LVSCTL-MARKS',
          '-t mangle -X LVSCTL-MARKS',
        ]);
        // -D until it says that there is none.
        expect(told.filter((line) => line.includes(` ${step} `))).toHaveLength(step === '-D' ? 3 : 2);
      },
    );

    it.each(steps)('for long, the change fails and says why: %s', (step) => {
      const { environment } = host(`if [ $3 = ${step} ]; then ${busy}; fi`);
      const { status, stderr } = apply(['sh'], gone(), environment);
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /another program holds the tables of iptables: the chain LVSCTL-MARKS could not be taken away\n$/,
      );
    });

    it('their list is waited for', () => {
      const { environment } = host(`if [ $times -le 2 ]; then ${busy}; fi`);
      const observed = probe(['sh'], none, environment);
      expect(observed).toMatchObject({ status: 0, stdout: expect.stringMatching(/@@ iptables\n/) });
      expect(observed.stdout.split('@@ iptables\n')[1]).toBe(iptablesShown);
    });

    it('for long, nothing is planned, and the run says why', () => {
      const { environment } = host(busy);
      expect(() => none.plan(probe(['sh'], none, environment), nothingChanging)).toThrow(
        /its state can't be read \(exit 4\): another program holds the tables of iptables/,
      );
    });
  });
});
