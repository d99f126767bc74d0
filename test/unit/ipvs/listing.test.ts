import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseStats, parseThresholds } from '../../../src/ipvs/index.js';

const capture = (name: string) => readFileSync(new URL(`captures/${name}`, import.meta.url), 'utf8');

describe('parseStats', () => {
  it('reads the counters of a live director', () => {
    const stats = parseStats(capture('stats-1.31.txt'));
    expect(stats.unread).toEqual([]);
    const ftp = stats.services.find((service) => service.address === '10.83.33.100');
    expect(ftp).toMatchObject({ protocol: 'tcp', port: 21, connections: 4, incomingBytes: 240 });
    expect(ftp?.destinations.map((d) => [d.address, d.port, d.connections])).toEqual([
      ['10.83.33.2', 21, 1],
      ['10.83.33.76', 21, 3],
    ]);
  });

  it('gives the servers of an SCTP service to that service and not to the one above it', () => {
    const stats = parseStats(capture('stats-1.31.txt'));
    const sip = stats.services.find((service) => service.port === 5060);
    const sctp = stats.services.find((service) => service.protocol === 'sctp');
    expect(sip?.destinations).toEqual([]);
    expect(sctp?.destinations.map((d) => d.address)).toEqual(['192.168.7.6']);
  });

  it('reads marks of both families, and those that ipvsadm prints as negative', () => {
    const { marks } = parseStats(capture('stats-1.31.txt'));
    expect(marks.map(({ mark, family }) => [mark, family])).toEqual([
      [4294967295, 4],
      [256, 4],
      [256, 6],
    ]);
    expect(marks[2]?.destinations[0]?.address).toBe('fd00:7::9');
  });

  it('reads the listing of one service, which has no version line', () => {
    const stats = parseStats(capture('stats-one-service-1.31.txt'));
    expect(stats.unread).toEqual([]);
    expect(stats.services.map((service) => service.connections)).toEqual([4]);
  });

  it('reads counters in thousands and millions', () => {
    const stats = parseStats('TCP  10.0.0.1:80   123456K   9999M  5 1G 2T');
    expect(stats.services[0]).toMatchObject({
      connections: 123_456_000,
      incomingPackets: 9_999_000_000,
      incomingBytes: 1e9,
      outgoingBytes: 2e12,
    });
  });

  it('keeps apart the servers below a line that it does not understand', () => {
    const stats = parseStats(
      'TCP  10.0.0.1:80 1 1 1 1 1\nXYZ  10.0.0.1:81 1 1 1 1 1\n  -> 10.0.0.2:81 7 7 7 7 7\n',
    );
    expect(stats.services[0]?.destinations).toEqual([]);
    expect(stats.unread.map((u) => u.line)).toEqual([2, 3]);
  });
});

describe('parseThresholds', () => {
  it('reads thresholds and connection counts by service and server', () => {
    const thresholds = parseThresholds(capture('thresholds-1.31.txt'));
    expect(thresholds.get('tcp 10.83.33.100:21')?.get('10.83.33.76:21')).toEqual({
      upperThreshold: 500,
      lowerThreshold: 300,
      activeConnections: 3,
      inactiveConnections: 0,
    });
    expect(thresholds.get('fwmark 256 (IPv6)')?.get('[fd00:7::9]:0')?.upperThreshold).toBe(0);
    expect(thresholds.get('sctp 192.168.7.110:2905')?.size).toBe(1);
  });
});
