import { describe, expect, it } from 'vitest';
import { parseThresholds } from '../../../src/ipvs/index.js';
import { FakeKernel } from './fake-kernel.js';
import {
  casesWithoutIpvs,
  kernelCases,
  restoreCases,
  tableAfterCases,
  thresholdsAfterCases,
} from './kernel-cases.js';

describe('the fake kernel answers as the real one did', () => {
  const kernel = new FakeKernel();
  const answers = kernelCases.map((kernelCase) => kernel.run(kernelCase.args.split(' ')));

  it.each(kernelCases.map((kernelCase, index) => ({ ...kernelCase, index })))(
    '$args',
    ({ status, output, index }) => {
      expect(answers[index]?.status).toBe(status);
      // The words of a refused command line are ipvsadm's own matter; those of the kernel are what operators search for.
      if (status !== 2) expect(answers[index]?.output).toBe(output ?? '');
    },
  );

  it('and holds the same table afterwards', () => {
    expect(`${kernel.save().trimEnd().split('\n').sort().join('\n')}\n`).toBe(tableAfterCases);
  });

  it('and the same thresholds', () => {
    const servers = parseThresholds(kernel.thresholds()).get('tcp 192.168.7.110:443');
    const limits = [...(servers ?? [])].map(([key, t]) => [key, [t.upperThreshold, t.lowerThreshold]]);
    expect(Object.fromEntries(limits)).toEqual(thresholdsAfterCases);
  });

  it.each(casesWithoutIpvs)('without ip_vs: $args', ({ args, status, output }) => {
    const without = new FakeKernel();
    without.loads = false;
    expect(without.run(args.split(' '))).toEqual({ status, output });
  });

  it.each(restoreCases)('ipvsadm -R: $title', ({ lines, status, output, ports }) => {
    const empty = new FakeKernel();
    const answer = empty.restore(lines.join('\n'));
    expect(answer.status).toBe(status);
    if (status !== 2) expect(answer.output).toBe(output);
    const there = [...empty.save().matchAll(/^-A -t [\d.]+:(\d+)/gm)].map(([, port]) => Number(port));
    expect(there).toEqual(ports);
  });
});
