import { describe, expect, it } from 'vitest';
import { LEGACY_IPTABLES, markTool, newMarks } from '../../../roles/director/marks.js';
import { director } from '../../../roles/index.js';
import type { Facts } from '../../../src/engine/facts.js';
import { debian, redhat9 } from '../resources/facts.js';
import { hostOf, service, tutorial } from './cluster.js';
import { ids, input } from './play.js';

interface Has {
  readonly commands?: readonly string[];
  readonly paths?: readonly string[];
  readonly modules?: readonly string[];
}

function having({ commands = [], paths = [], modules = [] }: Has, facts: Facts = debian): Facts {
  const others = [...facts.commands].filter((name) => name !== 'nft' && name !== 'iptables');
  return {
    ...facts,
    commands: new Set([...others, ...commands]),
    paths: new Set(paths),
    modules: new Set(modules),
  };
}

describe('who marks packets', () => {
  it.each<[string, Has, 'nft' | 'iptables']>([
    ['nft alone', { commands: ['nft'] }, 'nft'],
    ['iptables alone', { commands: ['iptables'] }, 'iptables'],
    ['both, iptables of old not in use', { commands: ['nft', 'iptables'] }, 'nft'],
    ['both, iptables of old in use', { commands: ['nft', 'iptables'], paths: [LEGACY_IPTABLES] }, 'iptables'],
    ['neither', {}, 'nft'],
    ['a kernel whose nf_tables has all', { modules: ['nf_tables', 'nft_reject_inet'] }, 'nft'],
    ['a kernel whose nf_tables lacks IP', { commands: ['nft'], modules: ['nf_tables'] }, 'iptables'],
  ])('%s', (_, has, tool) => expect(markTool(having(has))).toBe(tool));

  it('before nftables there were for both families: iptables', () => {
    expect(markTool(having({}, redhat9))).toBe('iptables');
    const kernel = (release: string) =>
      markTool(having({}, { ...debian, kernel: { ...debian.kernel, release } }));
    expect([kernel('3.13.0'), kernel('3.14.0'), kernel('6.1.0-50-amd64')]).toEqual([
      'iptables',
      'nft',
      'nft',
    ]);
  });

  it('comes as a package where it lacks, and there is something to mark', () => {
    const cluster = tutorial({ services: [service({ fwmark: 1, ports: [{ first: 80, last: 80 }] })] });
    const resources = (facts: Facts, of = cluster) => ids(newMarks(of, hostOf(of, 'director'), facts));
    expect(resources(having({}))).toEqual(['packages nftables', 'new packet marks']);
    expect(resources(having({ modules: ['nf_tables'] }))).toEqual(['packages iptables', 'new packet marks']);
    expect(resources(having({ commands: ['nft'] }))).toEqual(['new packet marks']);
    expect(resources(having({}), tutorial())).toEqual([]);
  });

  it('comes before the table with what is new, and after it with what goes', () => {
    const cluster = tutorial({ services: [service({ fwmark: 1, ports: [{ first: 80, last: 80 }] })] });
    const all = ids(director.resources(input(director, cluster, 'director', having({ commands: ['nft'] }))));
    const [before, table, after] = ['new packet marks', 'ipvs table', 'packet marks'].map((id) =>
      all.indexOf(id),
    );
    expect(before).toBeGreaterThan(-1);
    expect(table).toBeGreaterThan(before ?? 0);
    expect(after).toBeGreaterThan(table ?? 0);
  });
});
