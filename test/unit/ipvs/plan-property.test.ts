import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  destinationKey,
  type Owned,
  observe,
  parseProc,
  parseSave,
  parseThresholds,
  planTable,
  renderArgs,
  serviceWords,
  type Table,
} from '../../../src/ipvs/index.js';
import { ownMark, ownTable, ownVips, table } from './arbitrary.js';
import { FakeKernel } from './fake-kernel.js';

const owned: Owned = {
  vips: new Set(ownVips),
  marks: new Set([`fwmark ${ownMark}`, `fwmark ${ownMark} (IPv6)`]),
};

function kernelWith({ services }: Table): FakeKernel {
  const kernel = new FakeKernel();
  for (const service of services) {
    kernel.run(renderArgs({ kind: 'addService', service }));
    for (const destination of service.destinations)
      kernel.run(renderArgs({ kind: 'addDestination', id: service.id, destination }));
  }
  return kernel;
}

function read(kernel: FakeKernel): Table {
  return observe({
    save: parseSave(kernel.save()).table,
    proc: parseProc(kernel.proc()).table,
    thresholds: parseThresholds(kernel.thresholds()),
  });
}

/** Lines of a save that are about foreign entries, or about ours. */
function lines(kernel: FakeKernel, foreign: boolean): string[] {
  return kernel
    .save()
    .trimEnd()
    .split('\n')
    .filter(
      (line) => line !== '' && / (10\.99\.0\.9:|-f -1)/.test(line.replace('-f -1', ' -f -1')) === foreign,
    )
    .sort();
}

/** Server words of each service with the thresholds, which a save leaves out. */
const limits = (kernel: FakeKernel) =>
  [...parseThresholds(kernel.thresholds())].flatMap(([service, servers]) =>
    [...servers].map(
      ([key, { upperThreshold, lowerThreshold }]) => `${service} ${key} ${upperThreshold} ${lowerThreshold}`,
    ),
  );

describe('planTable on a kernel', () => {
  it('reaches the wanted table from any other, never refused, foreign entries untouched, and then has nothing to do', () => {
    fc.assert(
      fc.property(table, ownTable, (current, { services }) => {
        const kernel = kernelWith(current);
        const before = lines(kernel, true);
        const wanted = { services, held: [] };
        for (const operation of planTable(read(kernel), wanted, owned).operations) {
          expect(kernel.run(renderArgs(operation))).toEqual({ status: 0, output: '' });
          expect(lines(kernel, true)).toEqual(before);
        }
        const ideal = kernelWith({ services });
        expect(lines(kernel, false)).toEqual(lines(ideal, false));
        expect(new Set(limits(kernel))).toEqual(
          new Set([
            ...limits(ideal),
            ...limits(kernelWith({ services: current.services.filter((s) => !isOwn(s)) })),
          ]),
        );
        expect(planTable(read(kernel), wanted, owned).operations).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('never leaves a service without a server that has one before and after', () => {
    fc.assert(
      fc.property(table, ownTable, (current, { services }) => {
        const kernel = kernelWith(current);
        const before = kernel.activeServers();
        const after = kernelWith({ services }).activeServers();
        const lasting = [...before].filter(([words, count]) => count > 0 && (after.get(words) ?? 0) > 0);
        for (const operation of planTable(read(kernel), { services, held: [] }, owned).operations) {
          kernel.run(renderArgs(operation));
          const now = kernel.activeServers();
          for (const [words] of lasting) expect(now.get(words)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 120 },
    );
  });

  it('removes nothing that has connections: it drains, says so, and removes when they have ended', () => {
    fc.assert(
      fc.property(
        table,
        ownTable,
        fc.array(fc.nat({ max: 2 }), { minLength: 40, maxLength: 40 }),
        (current, { services }, counts) => {
          const kernel = kernelWith(current);
          const busy = new Map<string, string>();
          for (const service of current.services)
            for (const destination of service.destinations) {
              const count = counts.pop() ?? 0;
              const words = serviceWords(service.id).join(' ').replace('4294967295', '-1');
              kernel.connect(words, destinationKey(destination), 0, count);
              if (count > 0) busy.set(`${words} ${destinationKey(destination)}`, words);
            }
          const wanted = { services, held: [] };
          const plan = planTable(read(kernel), wanted, owned);
          for (const operation of plan.operations) expect(kernel.run(renderArgs(operation)).status).toBe(0);
          const present = (text: string) =>
            new Set(text.split('\n').map((line) => /^-a (.*) -[gmi] /.exec(line)?.[1]?.replace(' -r ', ' ')));
          const now = present(kernel.save());
          for (const key of busy.keys()) expect(now).toContain(key);
          expect(planTable(read(kernel), wanted, owned).operations).toEqual([]);

          const waiting = planTable(read(kernel), wanted, owned).notes.filter(
            ({ kind }) => kind === 'draining',
          );
          const ideal = kernelWith({ services });
          expect(lines(kernel, false).length - lines(ideal, false).length).toBeGreaterThanOrEqual(
            waiting.length,
          );

          for (const [key, words] of busy) kernel.connect(words, key.slice(words.length + 1), 0, 0);
          for (const operation of planTable(read(kernel), wanted, owned).operations)
            expect(kernel.run(renderArgs(operation)).status).toBe(0);
          expect(lines(kernel, false)).toEqual(lines(ideal, false));
        },
      ),
      { numRuns: 120 },
    );
  });

  it('neither touches nor adds what is held', () => {
    fc.assert(
      fc.property(
        table,
        ownTable,
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        (current, { services }, draws) => {
          const kernel = kernelWith(current);
          const held = services.flatMap(({ id, destinations }) =>
            destinations
              .filter(() => draws.pop())
              .map(({ address, port }) => ({ service: id, address, port, reason: 'down' })),
          );
          const isHeld = (words: string, server: string) =>
            held.some(
              (one) => serviceWords(one.service).join(' ') === words && destinationKey(one) === server,
            );
          const ready = services.map((service) => ({
            ...service,
            destinations: service.destinations.filter(
              (d) => !isHeld(serviceWords(service.id).join(' '), destinationKey(d)),
            ),
          }));
          const heldLines = () =>
            kernel
              .save()
              .split('\n')
              .filter((line) => {
                const [, words = '', server = ''] = /^-a (.*) -r (\S+) /.exec(line) ?? [];
                return isHeld(words, server);
              });
          const before = heldLines();
          const wanted = { services: ready, held };
          for (const operation of planTable(read(kernel), wanted, owned).operations) {
            expect(kernel.run(renderArgs(operation)).status).toBe(0);
            expect(heldLines()).toEqual(before);
          }
          expect(planTable(read(kernel), wanted, owned).operations).toEqual([]);
        },
      ),
      { numRuns: 120 },
    );
  });
});

function isOwn({ id }: Table['services'][number]): boolean {
  return id.kind === 'mark' ? id.mark === ownMark : ownVips.includes(id.address);
}
