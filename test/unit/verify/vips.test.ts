import { describe, expect, it } from 'vitest';
import type { Service } from '../../../src/inventory/cluster.js';
import {
  parseVipAnswers,
  questionsOf,
  type VipAnswer,
  vipReasons,
  vipScript,
} from '../../../src/verify/vips/index.js';
import { clusterOf, ftpService } from './fake-cluster.js';

const quiet: VipAnswer = {
  vip: undefined,
  own: undefined,
  vipEcho: false,
  ownEcho: false,
  link: '02:00:0a:53:21:02',
  unasked: undefined,
};

describe('questions', () => {
  it('are one for each real server, with addresses in hexadecimal and the way they go', () => {
    expect(questionsOf(ftpService, 'lvs', '10.83.33.83').map(({ word }) => word)).toEqual([
      's0,dr,tcp,0a532164,0a53214c,21,0,10.83.33.76,0a532153',
      's1,dr,tcp,0a532164,0a532102,21,0,10.83.33.2,0a532153',
    ]);
  });

  it('leave the source to the kernel where the inventory has none of the family', () => {
    expect(questionsOf(ftpService, 'lvs', undefined)[0]?.word).toMatch(/,10\.83\.33\.76,$/);
  });

  it('name the tunnel', () => {
    const [one] = ftpService.realServers;
    const word = (tunnel: NonNullable<typeof one>['tunnel']): string | undefined =>
      one &&
      questionsOf(
        { ...ftpService, forwarding: 'tun', realServers: [{ ...one, tunnel }] } as Service,
        'lvs',
        undefined,
      )[0]?.word;
    expect(word(undefined)).toMatch(/^s0,ipip,/);
    expect(word({ type: 'gue', port: 6080 })).toMatch(/^s0,gue,tcp,0a532164,0a53214c,21,6080,/);
    expect(word({ type: 'gre' })).toMatch(/^s0,gre,/);
    expect(word({ type: 'gre', checksum: 'full' })).toMatch(/^s0,gre-checksum,/);
  });

  it('write IPv6 in full', () => {
    const service: Service = {
      ...ftpService,
      vip: 'fd00:83::100',
      realServers: [{ host: 'rs1', address: 'fd00:83::76', port: 21, weight: 1 }],
    };
    expect(questionsOf(service, 'lvs', 'fd00:83::83')[0]?.word).toBe(
      's0,dr,tcp,fd000083000000000000000000000100,fd000083000000000000000000000076,21,0,fd00:83::76,fd000083000000000000000000000083',
    );
  });

  it('are pings where no port of TCP is known', () => {
    expect(questionsOf({ ...ftpService, protocol: 'udp' }, 'lvs', undefined)[0]?.word).toMatch(
      /^s0,dr,ping,/,
    );
    expect(questionsOf({ ...ftpService, port: 0 }, 'lvs', undefined)[0]?.bySyn).toBe(false);
  });

  it('are none of NAT, of the director itself, nor of who has no address of the family', () => {
    expect(questionsOf({ ...ftpService, forwarding: 'nat' }, 'lvs', undefined)).toEqual([]);
    expect(questionsOf(ftpService, 'rs1', undefined).map(({ server }) => server.host)).toEqual(['rs2']);
    const realServers = [{ host: 'rs1', address: '', port: 21, weight: 1 }];
    expect(questionsOf({ ...ftpService, realServers }, 'lvs', undefined)).toEqual([]);
  });
});

describe('answers', () => {
  const questions = questionsOf(ftpService, 'lvs', '10.83.33.83');

  it('are read by label, in any order', () => {
    const text = `asked s1 - accepted - echo 02:00:0a:53:21:02 -
asked s0 accepted accepted echo echo 02:00:0a:53:21:4c -
asked all
`;
    expect(parseVipAnswers(text, questions)).toEqual({
      answers: [
        { vip: 'accepted', own: 'accepted', vipEcho: true, ownEcho: true, link: '02:00:0a:53:21:4c' },
        { vip: undefined, own: 'accepted', vipEcho: false, ownEcho: true, link: '02:00:0a:53:21:02' },
      ],
    });
  });

  it('tell why nobody was asked', () => {
    expect(parseVipAnswers('cannot open a packet socket: Operation not permitted\n', questions)).toEqual({
      answers: [undefined, undefined],
      trouble: 'open a packet socket: Operation not permitted',
    });
    expect(parseVipAnswers('asked s0 accepted - - - none -\n', questions).trouble).toMatch(/ended early/);
    expect(parseVipAnswers('', questions).trouble).toMatch(/ended early/);
  });

  it('are nothing but words that are known', () => {
    const text = 'cannot \x1b[31m\nasked s0 maybe yes - - none because\nasked s9 accepted - - - none -';
    expect(parseVipAnswers(text, questions)).toEqual({
      answers: [{ ...quiet, link: 'none' }, undefined],
      trouble: '[31m',
    });
  });
});

describe('reasons', () => {
  const cluster = clusterOf();
  const judge = (answer: Partial<VipAnswer>, service: Service = ftpService, host = 'rs2') => {
    const question = questionsOf(service, 'lvs', undefined).find(({ server }) => server.host === host);
    if (!question) throw new Error('no question');
    const { file, hosts } = cluster;
    return vipReasons({ file, service, hosts, director: 'lvs' }, question, { ...quiet, ...answer });
  };
  const tun: Service = { ...ftpService, forwarding: 'tun' };
  const udp: Service = { ...ftpService, protocol: 'udp' };

  it.each<[string, Partial<VipAnswer>, Service]>([
    ['a SYN was accepted', { vip: 'accepted' }, ftpService],
    ['a ping was answered, for UDP', { vipEcho: true }, udp],
    ['the director could ask only from the VIP', { unasked: 'from-vip' }, ftpService],
  ])('are none where %s', (_, answer, service) => {
    expect(judge(answer, service)).toEqual([]);
  });

  it('name the server without the VIP, and what brings it back', () => {
    expect(judge({ own: 'accepted', ownEcho: true })).toEqual([
      {
        check: 'vip-unanswered',
        host: 'rs2',
        cause:
          'real server rs2 (10.83.33.2) gives director lvs no answer at 10.83.33.100:21, but one at 10.83.33.2: it does not hold 10.83.33.100 on lo',
        fix: { command: 'lvsctl provision /tmp/inventory.ts --limit rs2' },
      },
    ]);
  });

  it('tell a tunnel from lo', () => {
    expect(judge({ own: 'accepted' }, tun)[0]?.cause).toContain(
      'on its tunnel, or drops what comes out of it',
    );
    expect(judge({ own: 'accepted', link: 'no-tunnel' }, tun)[0]).toMatchObject({
      check: 'tunnel-receiver',
      cause: expect.stringMatching(/^real server rs2 \(10\.83\.33\.2\) takes no ipip packets/),
    });
  });

  it('send to the commands of a system that nobody logs in to', () => {
    const hosts = new Map(
      [...cluster.hosts].map(([name, host]) => [name, { ...host, os: 'freebsd' as const }]),
    );
    const [question] = questionsOf(ftpService, 'lvs', undefined);
    if (!question) throw new Error('no question');
    const found = { file: cluster.file, service: ftpService, hosts, director: 'lvs' };
    expect(vipReasons(found, question, { ...quiet, own: 'refused' })[0]?.fix).toEqual({
      command: 'lvsctl render /tmp/inventory.ts rs1',
    });
  });

  it.each<[string, Partial<VipAnswer>, string]>([
    [
      'vip-refused',
      { vip: 'refused', own: 'accepted' },
      'nothing listens there, though at 10.83.33.2 something does',
    ],
    ['vip-filtered', { vip: 'rejected' }, 'holds 10.83.33.100, but rejects connections'],
    ['vip-filtered', { vipEcho: true, own: 'accepted' }, 'does not answer connections to 10.83.33.100:21'],
    ['server-link', { own: 'accepted', link: 'none' }, 'is not on the network of director lvs'],
    ['server-silent', { link: 'none' }, 'no answer, neither at 10.83.33.100:21 nor at 10.83.33.2'],
    ['server-route', { unasked: 'no-route' }, 'director lvs has no route to real server rs2'],
    ['vip-unanswered', { ownEcho: true }, 'it does not hold 10.83.33.100 on lo'],
  ])('tell %s from the others', (check, answer, words) => {
    expect(judge(answer)).toMatchObject([{ check, host: 'rs2', cause: expect.stringContaining(words) }]);
  });
});

describe('the script', () => {
  it('gives the questions to perl as words', () => {
    const { text } = vipScript(questionsOf(ftpService, 'lvs', '10.83.33.83'));
    expect(text).toMatch(/ -- s0,dr,\S+0a532153 s1,dr,\S+0a532153\n/);
  });
});
