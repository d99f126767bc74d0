import { describe, expect, it } from 'vitest';
import { answerIsDue, answeringHosts, datagramRemark, withDue } from '../../../src/verify/datagrams.js';
import { neighbourScript, parseNeighbourAnswers } from '../../../src/verify/ndisc.js';
import { type Attempt, dialogueOf, type Outcome } from '../../../src/verify/traffic.js';
import { ftpService } from './fake-cluster.js';

const attempt = (outcome: Outcome, text = ''): Attempt => ({ label: 'c1', outcome, text });
const service = { ...ftpService, name: 'echo', port: 7007, protocol: 'udp' as const };
const [first, second] = service.realServers;

describe('the dialogue of UDP', () => {
  it.each([
    ['dns', 53, 'dns'],
    ['resolver', 53, 'dns'],
    ['dns-internal', 5353, 'dns'],
    ['echo', 7007, 'datagram'],
  ])('%s on %i is %s', (name, port, dialogue) =>
    expect(dialogueOf({ name, port, protocol: 'udp' })).toBe(dialogue),
  );
});

describe('whether a datagram must be answered', () => {
  const hosts = (...names: (string | undefined)[]) => new Set(names.map((name) => name ?? ''));
  it.each([
    ['a DNS server always answers', 'dns', hosts(), true],
    ['all answered directly', 'datagram', hosts(first?.host, second?.host), true],
    ['one did not', 'datagram', hosts(first?.host), false],
    ['TCP is another matter', 'greeting', hosts(first?.host, second?.host), false],
  ] as const)('%s', (_, dialogue, answering, due) =>
    expect(answerIsDue(service, dialogue, answering)).toBe(due),
  );

  it('does not depend on a drained server', () => {
    const drained = {
      ...service,
      realServers: service.realServers.map((one, i) => (i === 1 ? { ...one, weight: 0 } : one)),
    };
    expect(answerIsDue(drained, 'datagram', hosts(first?.host))).toBe(true);
    const none = { ...service, realServers: service.realServers.map((one) => ({ ...one, weight: 0 })) };
    expect(answerIsDue(none, 'datagram', hosts())).toBe(false);
  });

  it('is known by who answered directly at least once', () => {
    expect(
      answeringHosts(service, [[attempt('sent'), attempt('answer')], [attempt('fail', 'refused')]]),
    ).toEqual(new Set([first?.host]));
  });
});

describe('datagrams without an answer', () => {
  const attempts = [attempt('answer', 'rs1'), attempt('sent')];
  it('are failures where one was due', () => {
    expect(withDue(attempts, true).map(({ outcome, text }) => [outcome, text])).toEqual([
      ['answer', 'rs1'],
      ['fail', 'no answer within 2 s'],
    ]);
    expect(withDue(attempts, false)).toEqual(attempts);
  });

  it('are told for what they prove', () => {
    expect(datagramRemark(attempts)).toContain('1 of 2 datagrams');
    expect(datagramRemark([attempt('sent')])).toContain('only the director’s counters');
    expect(datagramRemark([attempt('answer')])).toBeUndefined();
  });
});

describe('the owner of an IPv6 VIP', () => {
  const vip = 'fd00:83::100';
  // As `ip -6 neigh show ADDRESS dev DEVICE` of iproute2 6.1 has it.
  const line = (address: string, rest: string) => `nd: ${address} ${rest}\n`;
  it.each<[string, string, string[] | undefined]>([
    ['one', line(vip, 'lladdr 02:3b:88:a8:39:57 REACHABLE').repeat(6), ['02:3b:88:a8:39:57']],
    [
      'two that take turns',
      `${line(vip, 'lladdr 02:3b:88:a8:39:57 REACHABLE')}${line(vip, 'lladdr 2:c9:4b:6a:20:10 router STALE')}`,
      ['02:3b:88:a8:39:57', '02:c9:4b:6a:20:10'],
    ],
    ['nobody', line(vip, ' INCOMPLETE') + line(vip, ' FAILED') + line('', ''), []],
    ['another address', line('fd00:83::1000', 'lladdr 02:3b:88:a8:39:57 REACHABLE'), []],
    ['no way to ask', 'nd: no ip\n', undefined],
  ])('%s', (_, output, macs) => expect(parseNeighbourAnswers(output, vip)).toEqual(macs));

  it('is asked for anew each time', () => {
    expect(neighbourScript('eth0', vip).define.text).toContain('ip -6 neigh del fd00:83::100 dev eth0');
  });
});
