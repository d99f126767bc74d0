import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explanationText } from '../../../src/cli/commands/explain.js';
import type { Cluster, ClusterHost } from '../../../src/inventory/cluster.js';
import {
  ARTIFACTS,
  type ArpDecision,
  decideArp,
  decideIpvs,
  explainHost,
  type IpvsDecision,
  PROFILES,
} from '../../../src/kernel/index.js';
import { createPaint } from '../../../src/report/index.js';
import { hostOf, tutorial as tutorialCluster } from '../roles/cluster.js';
import { cases, type DecisionCase } from './cases.js';
import { flags, host, redirect, type Shown } from './hosts.js';

const cluster = tutorialCluster();

const kindOf = (decision: IpvsDecision | ArpDecision) =>
  decision.kind === 'rebuild' ? `rebuild ${decision.profile.id}` : decision.kind;

/** One host that is director and real server of one service each, so that both decisions are asked for. */
function explained({ shown, kernel, service }: DecisionCase) {
  const [tutorial] = cluster.services;
  if (!tutorial) throw new Error('the tutorial has a service');
  const { scheduler = 'wrr', ...other } = service ?? {};
  const me: ClusterHost = { ...hostOf(cluster, 'rs1'), ...(kernel && { kernel }) };
  const both: Cluster = {
    ...cluster,
    services: [
      { ...tutorial, ...other },
      { ...tutorial, name: 'directed', vip: '10.83.33.101', scheduler, directors: ['rs1'], realServers: [] },
    ],
  };
  return explainHost(both, me, host(shown));
}

describe('decisions', () => {
  test.each(cases)('$title', (each) => {
    const { ipvs, arp } = explained(each);
    expect({ ipvs: kindOf(ipvs.decision), arp: kindOf(arp.decision) }).toEqual({
      ipvs: each.ipvs,
      arp: each.arp,
    });
    for (const decision of [ipvs.decision, arp.decision]) {
      expect(decision.reasons.length).toBeGreaterThan(0);
      expect(decision.alternatives.length).toBeGreaterThan(1);
      for (const { whyNot } of decision.alternatives) expect(whyNot).toMatch(/\w/);
      if (decision.kind === 'impossible') expect(decision.hint).toMatch(/\w/);
    }
  });

  test('are told with reasons and alternatives', async () => {
    const text = cases.map((each) => {
      const lines = explanationText('rs1', explained(each), createPaint(false), 110, false);
      return `== ${each.title}${each.kernel ? ` ${JSON.stringify(each.kernel)}` : ''}\n${lines.join('\n')}\n`;
    });
    await expect(text.join('\n')).toMatchFileSnapshot('golden/decisions.txt');
  });

  test('have plain values, that JSON takes whole', () => {
    for (const each of cases) {
      const found = explained(each);
      expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    }
  });
});

const shown: fc.Arbitrary<Shown> = fc
  .record({
    release: fc.constantFrom(
      '2.4.20-8',
      '2.4.20',
      '2.4.21-40.EL',
      '2.4.37.11',
      '2.6.0',
      '6.1.0-18-amd64',
      '2.2.19',
      '',
    ),
    ipvs: fc.constantFrom(undefined, 'module', '1.0.8', '1.2.1'),
    arp: fc.subarray([...flags, 'hidden'] as const),
    modules: fc.subarray(['ip_vs', 'arptable_filter', 'arpt_mangle', ...redirect.modules]),
    commands: fc.subarray(['iptables', 'arptables']),
    paths: fc.subarray(['/.dockerenv', '/proc/net/arp_tables_names']),
  })
  .map(({ ipvs, ...rest }) => ({ ...rest, ...(ipvs !== undefined && { ipvs }) }));
const profile = fc.constantFrom('safer', 'tutorial');

describe('a rebuild', () => {
  test('is never chosen without the word of the inventory', () => {
    fc.assert(
      fc.property(
        shown,
        fc.option(profile, { nil: undefined }),
        fc.constantFrom(undefined, false),
        (kernel, id, rebuild) => {
          const options = { ...(id && { profile: id }), ...(rebuild !== undefined && { rebuild }) };
          expect(decideIpvs(host(kernel), options).kind).not.toBe('rebuild');
          expect(decideArp(host(kernel), options).kind).not.toBe('rebuild');
        },
      ),
    );
  });

  test('is never chosen where the running kernel will do, nor in a container, and is of the profile asked for', () => {
    fc.assert(
      fc.property(shown, profile, (kernel, id) => {
        const facts = host(kernel);
        const [ipvs, arp] = [
          decideIpvs(facts, { rebuild: true, profile: id }),
          decideArp(facts, { rebuild: true, profile: id }),
        ];
        if (kernel.ipvs !== undefined) expect(ipvs.kind).not.toBe('rebuild');
        if (decideArp(facts).kind !== 'impossible') expect(arp.kind).not.toBe('rebuild');
        for (const decision of [ipvs, arp])
          if (decision.kind === 'rebuild') {
            expect(decision.profile.id).toBe(id);
            expect(facts.paths.has('/.dockerenv')).toBe(false);
          }
      }),
    );
  });

  test.each(Object.values(PROFILES))('$id names files of the catalogue', ({ artifacts, ipvsadm, kernel }) => {
    const names = ARTIFACTS.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...artifacts]));
    expect(artifacts).toContain(`ipvsadm-${ipvsadm}`);
    expect(artifacts.some((name) => name === `linux-${kernel}` || name === `patch-${kernel}`)).toBe(true);
  });

  test('of the safer profile needs nothing that must be taken on trust', () => {
    for (const name of PROFILES.safer.artifacts)
      expect(
        ARTIFACTS.find((each) => each.name === name)?.digests.map(({ algorithm }) => algorithm),
      ).toContain('sha256');
  });
});

test('the profiles are offered side by side where only the word is missing', () => {
  const decision = decideIpvs(host({ release: '2.4.20-8' }));
  expect(decision).toMatchObject({
    kind: 'impossible',
    hint: expect.stringContaining("profile: 'tutorial'"),
  });
  expect(decision.alternatives.map(({ way }) => way)).toEqual(
    expect.arrayContaining([expect.stringContaining('2.4.37.11'), expect.stringContaining('ipvs-1.0.9')]),
  );
});

describe('parts in the cluster', () => {
  const facts = host({ release: '2.4.20-8' });
  const parts = (services: Cluster['services'], name: string) => {
    const found = explainHost({ ...cluster, services }, hostOf(cluster, name), facts);
    return { ipvs: found.ipvs.needed, arp: found.arp.needed };
  };
  const [ftp] = cluster.services;
  if (!ftp) throw new Error('the tutorial has a service');

  test.each([
    ['a director', 'director', {}, { ipvs: true, arp: false }],
    ['a real server', 'rs1', {}, { ipvs: false, arp: true }],
    ['a real server of NAT', 'rs1', { forwarding: 'nat' as const }, { ipvs: false, arp: false }],
    ['a real server of an IPv6 service', 'rs1', { vip: 'fd00::64' }, { ipvs: false, arp: false }],
    ['a director that serves itself', 'rs1', { directors: ['rs1'] }, { ipvs: true, arp: false }],
  ])('%s', (_part, name, change, needed) => expect(parts([{ ...ftp, ...change }], name)).toEqual(needed));
});
