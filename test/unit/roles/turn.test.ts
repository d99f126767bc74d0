import { describe, expect, it } from 'vitest';
import { director, formerDirector } from '../../../roles/index.js';
import type { Facts } from '../../../src/engine/facts.js';
import { debian } from '../resources/facts.js';
import { nothingChanging, said } from '../resources/shells.js';
import { host, hostOf, service, tutorial } from './cluster.js';
import { input } from './play.js';

const vip = '10.83.33.100';
const cluster = tutorial({
  hosts: ['lvs1', 'lvs2', 'lvs3', 'gone', 'lvs4'].map((name, i) => host(name, `10.83.33.${80 + i}`)),
  services: [service({ directors: ['lvs1', 'lvs2', 'lvs3'] })],
});
const alone: Facts = { ...debian, heldAlone: ['127.0.0.1', '10.83.33.80', vip] };
const runs: Facts = {
  ...debian,
  keepalived: { running: true, ours: true, director: { host: 'gone', cluster: 'tutorial' } },
};
const stopped: Facts = {
  ...debian,
  keepalived: { running: false, ours: true, director: { host: 'gone', cluster: 'tutorial' } },
};

/** Who comes before each host, `!` where it is needed. */
function order(facts: Readonly<Record<string, Facts>>, of = cluster) {
  const others = new Map(Object.entries(facts));
  return Object.fromEntries(
    [...others].map(([name, own]) => {
      const { turn } = name === 'gone' ? formerDirector : director;
      const input = { cluster: of, host: hostOf(of, name), facts: own };
      const before = turn?.after({ ...input, others }) ?? [];
      return [name, before.map(({ host: first, needed }) => `${first}${needed ? '!' : ''}`).join(' ')];
    }),
  );
}

describe('directors', () => {
  it('wait for nobody where none has the VIP, or all have keepalived', () => {
    expect(order({ lvs1: debian, lvs2: debian })).toEqual({ lvs1: '', lvs2: '' });
    expect(order({ lvs1: runs, lvs2: runs })).toEqual({ lvs1: '', lvs2: '' });
  });

  it('that are to start keepalived wait for the one that holds the VIP without it', () => {
    expect(order({ lvs1: debian, lvs2: alone, lvs3: debian })).toEqual({
      lvs1: 'lvs2!',
      lvs2: '',
      lvs3: 'lvs2!',
    });
  });

  it('wait for those whose keepalived does not know of them yet', () => {
    expect(order({ lvs1: runs, lvs2: runs, lvs3: stopped })).toEqual({
      lvs1: '',
      lvs2: '',
      lvs3: 'lvs1 lvs2',
    });
  });

  it('do not wait for one that holds another address, or that nothing is known of', () => {
    expect(order({ lvs1: debian, lvs2: { ...debian, heldAlone: ['10.83.33.81'] } })).toEqual({
      lvs1: '',
      lvs2: '',
    });
  });

  it('ask the others only when they are to start keepalived', () => {
    const asks = (facts: Facts) => director.turn?.asks({ cluster, host: hostOf(cluster, 'lvs2'), facts });
    expect(asks(debian)).toEqual(['lvs1', 'lvs3']);
    expect(asks(alone)).toEqual([]);
    expect(asks(runs)).toEqual([]);
  });

  it('name to the operator who may hold the VIP alone and can’t be asked, when they are to start keepalived', () => {
    const remarks = (others: Readonly<Record<string, Facts>>, own = debian, of = cluster) =>
      director.turn?.remarks?.({
        cluster: of,
        host: hostOf(cluster, 'lvs1'),
        facts: own,
        others: new Map([['lvs1', own], ...Object.entries(others)]),
      });
    const remark = (name: string, which = vip) =>
      `${name} could not be asked whether it holds ${which} without keepalived: if it does, both have it once keepalived runs here, ` +
      `until lvsctl has changed ${name} too; see that ${name} is off, or within reach`;
    expect(remarks({ lvs3: debian })).toEqual([remark('lvs2')]);
    expect(remarks({})).toEqual([remark('lvs2'), remark('lvs3')]);
    // Somebody has it, or this one does.
    expect(remarks({ lvs3: alone })).toEqual([]);
    expect(remarks({ lvs3: runs })).toEqual([]);
    expect(remarks({}, alone)).toEqual([]);
    expect(remarks({}, runs)).toEqual([]);
    expect(remarks({ lvs2: debian, lvs3: debian })).toEqual([]);
    const services = [100, 101, 102, 103, 104].map((n) =>
      service({ name: `s${n}`, vip: `10.83.33.${n}`, directors: ['lvs1', 'lvs2'] }),
    );
    expect(remarks({}, debian, { ...cluster, services })).toEqual([
      remark('lvs2', '10.83.33.100, 10.83.33.101, 10.83.33.102 and 2 more'),
    ]);
  });

  it('with a single director wait for nobody', () => {
    const single = { ...cluster, services: [service({ directors: ['lvs1'] })] };
    const input = { cluster: single, host: hostOf(cluster, 'lvs1'), facts: debian };
    expect(director.turn?.after({ ...input, others: new Map([['lvs2', alone]]) })).toEqual([]);
  });
});

describe('a former director', () => {
  it('goes before those whose keepalived takes over, and behind those that have none yet', () => {
    expect(order({ lvs1: runs, lvs2: debian, gone: runs })).toEqual({ lvs1: 'gone', lvs2: 'lvs1', gone: '' });
    expect(order({ lvs1: debian, lvs2: debian, gone: runs })).toEqual({
      lvs1: '',
      lvs2: '',
      gone: 'lvs1! lvs2!',
    });
  });

  it('does not go before those that nothing is known of, where nobody else can have the VIPs', () => {
    expect(order({ gone: runs })).toEqual({ gone: 'lvs1! lvs2! lvs3!' });
    expect(order({ lvs3: alone, gone: runs })).toEqual({ lvs3: '', gone: '' });
    expect(order({ lvs1: debian, gone: stopped })).toEqual({ lvs1: '', gone: '' });
  });

  it('asks all directors, also those that a run leaves out, as long as its keepalived runs', () => {
    const asks = (facts: Facts) =>
      formerDirector.turn?.asks({ cluster, host: hostOf(cluster, 'gone'), facts });
    expect(asks(runs)).toEqual(['lvs1', 'lvs2', 'lvs3']);
    expect(asks(stopped)).toEqual([]);
    expect(asks(debian)).toEqual([]);
  });

  it('is one that directs nothing and has the file that lvsctl wrote; others have no part in the stage', () => {
    const needed = (name: string, facts: Facts) =>
      formerDirector.appliesTo(hostOf(cluster, name), cluster) &&
      formerDirector.needed?.({ cluster, host: hostOf(cluster, name), facts });
    expect(needed('gone', runs)).toBe(true);
    expect(needed('gone', stopped)).toBe(true);
    expect(needed('gone', debian)).toBe(false);
    expect(needed('gone', { ...debian, keepalived: { running: true, ours: false } })).toBe(false);
    expect(needed('lvs1', runs)).toBe(false);
  });

  describe('of several groups', () => {
    const [a, b] = ['10.83.33.100', '10.83.33.101'];
    const groups = {
      ...cluster,
      services: [
        service({ name: 'a', vip: a, directors: ['lvs1', 'lvs2'] }),
        service({ name: 'b', vip: b, directors: ['lvs3', 'lvs4'] }),
      ],
    };
    const moving = (...moves: string[]): Facts => ({
      ...runs,
      keepalived: { running: true, ours: true, director: { host: 'gone', cluster: 'tutorial' }, moves },
    });

    it('does not go first since the keepalived of another group runs', () => {
      const facts = { lvs1: debian, lvs2: debian, lvs3: moving(b), lvs4: moving(b), gone: moving(a) };
      const none = { lvs1: '', lvs2: '', lvs3: '', lvs4: '' };
      expect(order(facts, groups)).toEqual({ ...none, gone: 'lvs1! lvs2!' });
      expect(order({ ...facts, lvs2: moving(a) }, groups)).toEqual({
        ...none,
        lvs1: 'lvs2',
        lvs2: 'gone',
        gone: '',
      });
    });

    it('asks its own group only, and is waited for by that alone', () => {
      const asks = (facts: Facts) =>
        formerDirector.turn?.asks({ cluster: groups, host: hostOf(groups, 'gone'), facts });
      expect(asks(moving(b))).toEqual(['lvs3', 'lvs4']);
      expect(asks(moving(a, b))).toEqual(['lvs1', 'lvs2', 'lvs3', 'lvs4']);
      const facts = { lvs1: moving(a), lvs3: moving(b) };
      expect(order({ ...facts, gone: moving(b) }, groups)).toEqual({ lvs1: '', lvs3: 'gone', gone: '' });
    });

    it('waits for the one group that can’t take over yet, and not for VIPs that the inventory has no more', () => {
      const both = { lvs1: moving(a), lvs3: debian, gone: moving(a, b) };
      expect(order(both, groups)).toEqual({ lvs1: 'gone', lvs3: '', gone: 'lvs3!' });
      expect(order({ lvs1: debian, gone: moving('10.83.33.9') }, groups)).toEqual({ lvs1: '', gone: '' });
    });

    it('waits for a director whose keepalived does not know of the VIP yet, which does not wait for it', () => {
      const facts = { lvs1: moving(b), lvs2: moving(b), gone: moving(a) };
      expect(order(facts, groups)).toEqual({ lvs1: '', lvs2: '', gone: 'lvs1! lvs2!' });
    });
  });

  it('has all taken away that its keepalived moved, also the gateway of NAT, and not its own address', () => {
    const own = hostOf(cluster, 'gone').address;
    const moves = [vip, '10.83.33.99', '10.83.33.9', own];
    const facts: Facts = {
      ...stopped,
      keepalived: { ...stopped.keepalived, running: false, ours: true, moves },
    };
    const [resource] = formerDirector.resources(input(formerDirector, cluster, 'gone', facts));
    const script = resource?.plan(said('ours\n'), nothingChanging)?.apply.text ?? '';
    expect(script).toContain(`for address in ${vip} 10.83.33.99 10.83.33.9; do`);
    expect(script).not.toContain(own);
  });

  it.each([
    ['as one of another cluster', { host: 'gone', cluster: 'other' }],
    ['under another name', { host: 'lvs1', cluster: 'tutorial' }],
  ])('is none that may still direct %s', (_, of) => {
    const elsewhere: Facts = { ...debian, keepalived: { running: true, ours: true, director: of } };
    const input = { cluster, host: hostOf(cluster, 'gone'), facts: elsewhere };
    expect(formerDirector.needed?.(input)).toBe(false);
    expect(order({ lvs1: runs, gone: elsewhere })).toEqual({ lvs1: '', gone: '' });
  });
});
