import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change, Resource } from '../../../src/engine/resource.js';
import { masquerade, mssClamp, packetMarks } from '../../../src/resources/index.js';
import type { MarkRule } from '../../../src/resources/markRules.js';
import type { Masquerade } from '../../../src/resources/masqueradeRules.js';
import { apply, fakeCommands, nothingChanging, probe, temporaryFolder } from '../../unit/resources/shells.js';

/**
 * A host with a VIP, a real server's address beside its own, and a wire on which neighbours are known by heart. What must not happen to a
 * packet is counted behind the rules: no mark, a real server's own address outside, a changed one inside, and a segment too large.
 */
const world = `
ip link set lo up
ip address add 10.83.33.100/32 dev lo
ip address add 10.83.33.1/32 dev lo
ip link add wire0 type veth peer name wire1
ip link set wire0 up
ip link set wire1 up
ip address add 10.84.1.1/24 dev wire0
ip address add 10.84.1.11/24 dev wire0
ip route add 198.51.100.0/24 via 10.84.1.2
ip neigh add 10.84.1.2 lladdr 02:00:00:00:00:02 dev wire0
i=100
while [ $i -lt 200 ]; do echo "neigh add 10.84.1.$i lladdr 02:00:00:00:00:02 dev wire0"; i=$((i + 1)); done | ip -batch -
echo 1 > /proc/sys/net/netfilter/nf_conntrack_udp_timeout || :
nft -f - <<'END'
table ip probe {
counter marked { }
counter unmarked { }
counter hidden { }
counter shown { }
counter kept { }
counter changed { }
counter small { }
counter large { }
chain input {
type filter hook input priority 0;
ip daddr 10.83.33.100 udp dport 50000-50100 meta mark { 256, 257 } counter name marked
ip daddr 10.83.33.100 udp dport 50000-50100 meta mark != { 256, 257 } counter name unmarked
}
chain output {
type filter hook output priority 0;
ip saddr 10.83.33.100 tcp flags & (syn | rst) == syn tcp option maxseg size <= 1400 counter name small
ip saddr 10.83.33.100 tcp flags & (syn | rst) == syn tcp option maxseg size > 1400 counter name large
}
chain postrouting {
type filter hook postrouting priority 200;
ip saddr 10.84.1.1 ip daddr 198.51.100.0/24 counter name hidden
ip saddr 10.84.1.11 ip daddr 198.51.100.0/24 counter name shown
ip saddr 10.84.1.11 ip daddr 10.84.1.0/24 udp dport 1-65535 counter name kept
ip saddr 10.84.1.1 ip daddr 10.84.1.0/24 udp dport 1-65535 counter name changed
}
}
END
`;

let inside: readonly string[];
let namespace: ReturnType<typeof spawn>;

beforeEach(async () => {
  namespace = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(namespace.stdout ?? namespace, 'data');
  inside = ['nsenter', '-t', String(namespace.pid), '-n'];
  execFileSync('nsenter', [...inside.slice(1), 'sh', '-ec', world]);
});

afterEach(() => {
  namespace.kill();
});

function counted(): Record<string, number> {
  const text = execFileSync(
    'nsenter',
    [...inside.slice(1), 'nft', 'list', 'counters', 'table', 'ip', 'probe'],
    {
      encoding: 'utf8',
    },
  );
  return Object.fromEntries(
    [...text.matchAll(/counter (\w+) \{\s*packets (\d+)/g)].map(([, name, packets]) => [
      name,
      Number(packets),
    ]),
  );
}

/** What two inventories want of each kind of rules; packets that both speak of are right under either. */
const marks: readonly MarkRule[][] = [
  [{ mark: 256, vip: '10.83.33.100', protocol: 'udp', ports: [{ first: 50000, last: 50100 }] }],
  [
    {
      mark: 257,
      vip: '10.83.33.100',
      protocol: 'udp',
      ports: [
        { first: 21, last: 21 },
        { first: 50000, last: 50200 },
      ],
    },
  ],
];
const masquerades: readonly Masquerade[][] = [
  [{ from: '10.84.1.11', network: '10.84.1.0/24' }],
  [
    { to: '10.84.1.50', protocol: 'tcp', ports: { first: 80, last: 80 } },
    { from: '10.84.1.11', network: '10.84.0.0/23' },
  ],
];
const segments = [
  [{ vip: '10.83.33.100', mss: 1400 }],
  [
    { vip: '10.83.33.100', mss: 1380 },
    { vip: '10.83.33.101', mss: 1200 },
  ],
];

/** A rule of somebody else's in each chain of ours, which has it written anew. */
const meddle = `
iptables -t mangle -A LVSCTL-MARKS -d 192.0.2.1 -j ACCEPT
iptables -t nat -A LVSCTL-NAT -d 192.0.2.1 -j ACCEPT
iptables -t mangle -A LVSCTL-MSS -d 192.0.2.1 -j ACCEPT
`;

const tools = [
  ['nft', 'nft', {}],
  [
    'iptables on nftables',
    'iptables',
    { iptables: 'iptables-nft', 'iptables-restore': 'iptables-nft-restore' },
  ],
  [
    'iptables of old',
    'iptables',
    { iptables: 'iptables-legacy', 'iptables-restore': 'iptables-legacy-restore' },
  ],
] as const;

describe.each(tools)('rules by %s', (_, by, programs) => {
  it('change while packets flow, and none of these meets half of them', async () => {
    const folder = fakeCommands(
      Object.fromEntries(Object.entries(programs).map(([name, other]) => [name, `exec ${other} "$@"`])),
    );
    const environment = { PATH: `${folder}:${process.env.PATH}` };
    const shell = [...inside, 'sh'];
    const put = (resource: Resource): boolean => {
      const change = resource.plan(probe(shell, resource, environment), nothingChanging);
      if (change === undefined) return false;
      const done = apply(shell, change, environment);
      expect(done, done.stderr).toMatchObject({ status: 0 });
      return true;
    };
    const wanted = (round: number): Resource[] => [
      packetMarks({ rules: marks[round % 2] ?? [], by }),
      masquerade({ rules: masquerades[round % 2] ?? [], by }),
      mssClamp({ rules: segments[round % 2] ?? [], by }),
    ];
    wanted(0).forEach(put);
    const before = counted();
    const flood = spawn(
      'nsenter',
      [...inside.slice(1), process.execPath, fileURLToPath(new URL('flood.mjs', import.meta.url))],
      {
        stdio: ['pipe', 'inherit', 'inherit'],
      },
    );
    const ended = once(flood, 'exit');
    const since = (name: string) => (counted()[name] ?? 0) - (before[name] ?? 0);
    await expect
      .poll(() => Math.min(...['marked', 'hidden', 'kept', 'small'].map(since)), { timeout: 60_000 })
      .toBeGreaterThan(0);

    for (let round = 1; round <= 20; round++) {
      if (by === 'iptables' && round % 5 === 0)
        execFileSync('nsenter', [...inside.slice(1), 'sh', '-ec', meddle], {
          env: { ...process.env, ...environment },
        });
      expect(wanted(round).map(put), `round ${round}`).toEqual([true, true, true]);
    }

    flood.stdin.end();
    expect(await ended).toEqual([0, null]);
    expect(['unmarked', 'shown', 'changed', 'large'].map((name) => `${name} ${since(name)}`)).toEqual([
      'unmarked 0',
      'shown 0',
      'changed 0',
      'large 0',
    ]);
    if (by === 'nft') {
      // A chain in another place can't stay.
      const elsewhere =
        'delete table inet lvsctl_marks; table inet lvsctl_marks { chain prerouting { type filter hook prerouting priority 0; }; }';
      execFileSync('nsenter', [...inside.slice(1), 'nft', elsewhere]);
      expect(wanted(0).map(put)).toEqual([true, false, false]);
      expect(wanted(0).map(put)).toEqual([false, false, false]);
    }
    // Nothing is left for the next tool.
    const none = [packetMarks({ rules: [], by }), masquerade({ rules: [], by }), mssClamp({ rules: [], by })];
    expect(none.map(put)).toEqual([true, true, true]);
    expect(none.map(put)).toEqual([false, false, false]);
  });
});

describe('iptables that does not wait, while another program holds the tables', () => {
  const folder = temporaryFolder();
  const lock = join(folder, 'lock');
  /** As 1.4.20 to 1.8.7 does (1.8.9 waits). Whom `holder` names lets go when it has been refused twice. */
  const impatient = (program: string) => `
flock -n "$XTABLES_LOCKFILE" true || {
  echo refused >> "$XTABLES_LOCKFILE.refused"
  if [ -e "$XTABLES_LOCKFILE.holder" ] && [ "$(grep -c refused "$XTABLES_LOCKFILE.refused")" = 2 ]; then
    kill "$(cat "$XTABLES_LOCKFILE.holder")"
  fi
  echo "Another app is currently holding the xtables lock. Perhaps you want to use the -w option?" >&2
  exit 4
}
exec ${program} "$@"`;
  const commands = {
    iptables: impatient('iptables-legacy'),
    'iptables-restore': impatient('iptables-legacy-restore'),
  };
  const environment = { PATH: `${fakeCommands(commands)}:${process.env.PATH}`, XTABLES_LOCKFILE: lock };
  let holder: ReturnType<typeof spawn> | undefined;

  async function hold(forLong = false): Promise<void> {
    rmSync(`${lock}.refused`, { force: true });
    rmSync(`${lock}.holder`, { force: true });
    const script = 'exec 9>"$1"; flock 9; echo held; exec sleep 600';
    holder = spawn('sh', ['-c', script, 'sh', lock], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout ?? holder, 'data');
    if (!forLong) writeFileSync(`${lock}.holder`, `${holder.pid}`);
  }
  const refused = () => readFileSync(`${lock}.refused`, 'utf8').split('\n').length - 1;
  afterEach(() => {
    holder?.kill();
  });

  const rules = marks[0] ?? [];
  const wanted = packetMarks({ rules, by: 'iptables' });
  const none = packetMarks({ rules: [], by: 'iptables' });

  it('is asked again, and rules are put, found and taken away', async () => {
    const shell = [...inside, 'sh'];
    const planned = (resource: Resource) =>
      resource.plan(probe(shell, resource, environment), nothingChanging);
    const done = (change: Change | undefined) => {
      if (change === undefined) throw new Error('nothing to do');
      const { status, stderr } = apply(shell, change, environment);
      expect(status, stderr).toBe(0);
    };
    const put = planned(wanted);
    await hold();
    done(put);
    expect(refused()).toBeGreaterThanOrEqual(2);
    await hold();
    expect(planned(wanted)).toBeUndefined();
    expect(refused()).toBeGreaterThanOrEqual(2);
    await hold();
    const gone = planned(none);
    expect(refused()).toBeGreaterThanOrEqual(2);
    await hold();
    done(gone);
    expect(refused()).toBeGreaterThanOrEqual(2);
    expect(planned(none)).toBeUndefined();
  });

  it('for long: nothing is planned or done, and the run says why', async () => {
    const shell = [...inside, 'sh'];
    const put = wanted.plan(probe(shell, wanted, environment), nothingChanging);
    if (put === undefined) throw new Error('nothing to do');
    expect(apply(shell, put, environment)).toMatchObject({ status: 0 });
    const gone = none.plan(probe(shell, none, environment), nothingChanging);
    if (gone === undefined) throw new Error('nothing to do');
    await hold(true);
    const hasty = { ...environment, PATH: `${fakeCommands({ sleep: ':' })}:${environment.PATH}` };
    const said = /another program holds the tables of iptables/;
    expect(() => none.plan(probe(shell, none, hasty), nothingChanging)).toThrow(said);
    expect(apply(shell, gone, hasty)).toMatchObject({ status: 1, stderr: expect.stringMatching(said) });
    expect(apply(shell, put, hasty)).toMatchObject({ status: 1, stderr: expect.stringMatching(said) });
  });
});
