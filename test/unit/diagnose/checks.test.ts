import { describe, expect, it } from 'vitest';
import { CATALOGUE, isFault } from '../../../src/diagnose/index.js';
import { DIRECTOR_CASES } from './cases-director.js';
import { NETWORK_CASES } from './cases-network.js';
import { SERVER_CASES } from './cases-server.js';
import { diagnosed, ftp, told } from './observed.js';
import { tun, tunnelled, two } from './setups.js';

const CASES = [...DIRECTOR_CASES, ...SERVER_CASES, ...NETWORK_CASES];

describe('a diagnosis', () => {
  it.each(CASES)('%s', (_, otherwise, expected) => {
    expect(told(diagnosed(otherwise))).toEqual(expected);
  });

  it('has a case above in which each check fires', () => {
    const fired = new Set(
      CASES.flatMap(([, otherwise]) => diagnosed(otherwise).findings.map(({ check }) => check)),
    );
    expect(CATALOGUE.map(({ id }) => id).filter((id) => !fired.has(id))).toEqual([]);
  });

  it('misses no tunl0 where packets for an IPv4 VIP come wrapped in IPv6', () => {
    const [one] = ftp.realServers;
    if (one === undefined) throw new Error('no real server');
    const service = { ...ftp, forwarding: 'tun' as const };
    const found = (address: string) =>
      diagnosed({
        cluster: { services: [{ ...service, realServers: [{ ...one, address }] }] },
      }).findings.map(({ check }) => check);
    expect(found('10.83.33.76')).toContain('tunnel-device');
    expect(found('fd00:83::76')).not.toContain('tunnel-device');
  });

  it('has one entry of each name, and probes that agree on theirs', () => {
    const names = CATALOGUE.map(({ id }) => id);
    expect(names).toEqual([...new Set(names)]);
    const probes = new Map(
      CATALOGUE.flatMap((check) => check.probes.map((probe) => [probe.name, probe] as const)),
    );
    for (const { probes: of } of CATALOGUE)
      for (const probe of of) expect(probes.get(probe.name)).toBe(probe);
  });

  it('gives advice that is no fault', () => {
    expect(told(diagnosed(), true)).toEqual([
      expect.stringMatching(/^ftp-passive@-: services\.ftp\.fwmark = /),
    ]);
  });

  it('advises where a tunnel’s real server does not say what fits it, and not where it does, by nft or iptables', () => {
    const said = (sizes: string) =>
      told(
        diagnosed({
          cluster: tun,
          on: { ...tunnelled, ...(sizes && { rs1: [['segment sizes', '', sizes]] }) },
        }),
        true,
      ).filter((line) => line.startsWith('tunnel-mtu'));
    const advice = (host: string) => `tunnel-mtu@${host}: lvsctl provision inventory.ts --limit ${host}`;
    const rule = 'ip saddr 10.83.33.100 tcp flags & (syn | rst) == syn tcp option maxseg size set 1440';
    expect(said('')).toEqual([advice('rs1'), advice('rs2')]);
    expect(said(`@@ nft\ntable inet lvsctl_mss {\n\tchain output {\n\t\t${rule}\n\t}\n}\n`)).toEqual([
      advice('rs2'),
    ]);
    const chain = 'TCPMSS  6 -- 10.83.33.100 0.0.0.0/0 tcp flags:0x06/0x02 TCPMSS set 1440';
    expect(said(`@@ iptables\nChain LVSCTL-MSS (1 references)\n${chain}\n`)).toEqual([advice('rs2')]);
  });

  it('blames no sync daemon that is missing where keepalived does not run', () => {
    const { findings } = diagnosed({
      cluster: { ...two, ipvs: { sync: { id: 7 } } },
      like: { lvs2: 'client' },
      on: { lvs2: [['keepalived process', 'runs', 'absent']] },
    });
    expect(findings.filter(isFault).map(({ check, host }) => `${check}@${host}`)).toEqual([
      'keepalived-down@lvs2',
      'sync-daemon@director',
    ]);
  });

  it('tells of hosts that could not be looked at, and looks at the others', () => {
    const { examined, findings } = diagnosed({ unreachable: { rs2: 'connection refused' } });
    const [one] = examined;
    expect(findings.filter(({ severity }) => severity !== 'advice').map(({ services }) => services)).toEqual([
      ['ftp', 'ssh'],
    ]);
    expect(one?.blind).toContainEqual({ check: 'server-vip', host: 'rs2', reason: 'connection refused' });
    expect(one?.blind.some(({ host }) => host !== 'rs2')).toBe(false);
    expect(one?.silent).toContain('server-vip');
  });

  it('says that nobody is there to connect from', () => {
    const [one] = diagnosed({ cluster: { probes: [] } }).examined;
    expect(one?.connections).toEqual([]);
    expect(one?.blind).toContainEqual({
      check: 'arp-answer',
      host: '-',
      reason: 'the inventory names no probe host (`probes`)',
    });
    expect(one?.silent).not.toContain('arp-answer');
  });

  it('tells once what is wrong with a host, and of which services', () => {
    const [finding] = diagnosed({ on: { rs2: [['evidence', 'mtu 1500', 'mtu 1400']] } }).findings;
    expect(finding).toMatchObject({
      check: 'mtu',
      services: ['ftp', 'ssh'],
      evidence: 'director 1500, rs1 1500, rs2 1400, client 1500',
    });
  });
});
