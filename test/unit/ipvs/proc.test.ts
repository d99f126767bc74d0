import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  destinationKey,
  observe,
  parseProc,
  parseSave,
  parseThresholds,
  renderArgs,
  serviceKey,
  type Table,
} from '../../../src/ipvs/index.js';
import { table } from './arbitrary.js';
import { FakeKernel } from './fake-kernel.js';

const capture = (name: string) => readFileSync(new URL(`captures/${name}`, import.meta.url), 'utf8');
const byKey = ({ services }: Table) => new Map(services.map((service) => [serviceKey(service.id), service]));

describe('parseProc', () => {
  it('tells the same of a live table as ipvsadm, as far as it can', () => {
    const { table: proc, unread } = parseProc(capture('proc-6.1-hz100.txt'), 100);
    expect(unread).toEqual([]);
    const saved = byKey(parseSave(capture('save-1.31.txt')).table);
    expect(new Set(byKey(proc).keys())).toEqual(new Set(saved.keys()));
    for (const service of proc.services) {
      const same = saved.get(serviceKey(service.id));
      expect(service.scheduler).toBe(same?.scheduler);
      const known = service.persistence === 'none' ? 'none' : { ...service.persistence, engine: undefined };
      const expected = same?.persistence === 'none' ? 'none' : { ...same?.persistence, engine: undefined };
      expect(known).toEqual(expected);
      expect(
        new Set(service.destinations.map((d) => [destinationKey(d), d.forwarding, d.weight].join())),
      ).toEqual(new Set(same?.destinations.map((d) => [destinationKey(d), d.forwarding, d.weight].join())));
    }
  });

  it('reads connections, and knows no timeout without the HZ of the kernel', () => {
    const services = byKey(parseProc(capture('proc-6.1-hz100.txt')).table);
    const ftp = services.get('tcp 10.83.33.100:21');
    expect(ftp?.destinations.map((d) => [d.address, d.activeConnections, d.inactiveConnections])).toEqual([
      ['10.83.33.2', 1, 0],
      ['10.83.33.76', 3, 0],
    ]);
    expect(services.get('tcp 192.168.7.110:8080')?.persistence).toEqual({
      timeoutSeconds: undefined,
      netmask: '255.255.255.0',
      engine: undefined,
    });
    expect(services.get('tcp [fd00:7::110]:443')?.persistence).toMatchObject({ netmask: '64' });
  });

  it('counts in the ticks of another kernel', () => {
    const [service] = parseProc('TCP  C0A8076E:01BB wlc  persistent 150000 FFFFFF00\n', 250).table.services;
    expect(service?.persistence).toMatchObject({ timeoutSeconds: 600 });
  });

  it('reads Linux 2.4, where the director itself is Local', () => {
    const { table: proc, unread } = parseProc(capture('proc-2.4.txt'));
    expect(unread).toEqual([]);
    expect(proc.services[0]?.destinations.map((d) => d.forwarding)).toEqual(['local', 'dr']);
  });

  it('tells of a line that it does not know, and gives its servers to nobody', () => {
    const { table: proc, unread } = parseProc(
      'TCP  C0A8076E:01BB wlc  \nESP  C0A8076E:0000 wlc  \n  -> C0A80702:20FB      Masq    1      1          0\n',
    );
    expect(proc.services).toHaveLength(1);
    expect(proc.services[0]?.destinations).toEqual([]);
    expect(unread.map(({ line }) => line)).toEqual([2, 3]);
  });

  it('is total', () => {
    const word = fc.constantFrom(
      ...'TCP UDP FWM -> C0A8076E:01BB [fd00:0007:0000:0000:0000:0000:0000:0110]:01BB 00000100 wlc persistent 60000 FFFFFF00 Masq Route 1 0 ops x'.split(
        ' ',
      ),
    );
    const line = fc.oneof(
      fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const { table: read, unread } = parseProc(lines.join('\n'));
        expect(Array.isArray(read.services) && Array.isArray(unread)).toBe(true);
      }),
    );
  });
});

describe('observe', () => {
  it('knows everything of a table that a kernel holds', () => {
    fc.assert(
      fc.property(table, (any) => {
        const kernel = new FakeKernel();
        for (const service of any.services) {
          expect(kernel.run(renderArgs({ kind: 'addService', service })).output).toBe('');
          for (const destination of service.destinations)
            expect(
              kernel.run(renderArgs({ kind: 'addDestination', id: service.id, destination })).output,
            ).toBe('');
        }
        const observed = observe({
          save: parseSave(kernel.save()).table,
          proc: parseProc(kernel.proc()).table,
          thresholds: parseThresholds(kernel.thresholds()),
        });
        const expected = any.services.map((service) => ({
          ...service,
          destinations: service.destinations.map((destination) => ({
            ...destination,
            activeConnections: 0,
            inactiveConnections: 0,
          })),
        }));
        expect(observed.services).toEqual(expected);
      }),
    );
  });

  it('finds the SCTP service that ipvsadm 1.26 prints as UDP', () => {
    const observed = observe({
      save: parseSave(capture('save-1.26.txt')).table,
      proc: parseProc(
        'SCTP  C0A8076E:0B59 wrr\n  -> C0A80706:0B59      Route   5      2          3\nUDP  C0A8076E:0035 rr ops\n',
      ).table,
      thresholds: new Map(),
    });
    const sctp = byKey(observed).get('sctp 192.168.7.110:2905');
    expect(sctp?.destinations[0]).toMatchObject({ activeConnections: 2, inactiveConnections: 3 });
    expect(byKey(observed).has('udp 192.168.7.110:53')).toBe(true);
  });
});
