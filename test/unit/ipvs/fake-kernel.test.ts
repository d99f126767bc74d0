import { describe, expect, it } from 'vitest';
import { parseThresholds } from '../../../src/ipvs/index.js';
import { FakeKernel } from './fake-kernel.js';
import { kernelCases, tableAfterCases, thresholdsAfterCases } from './kernel-cases.js';

describe('the fake kernel answers as the real one did', () => {
  const kernel = new FakeKernel();
  const answers = kernelCases.map((kernelCase) => kernel.run(kernelCase.args.split(' ')));

  it.each(kernelCases.map((kernelCase, index) => ({ ...kernelCase, index })))(
    '$args',
    ({ status, output, index }) => {
      expect(answers[index]?.status).toBe(status);
      // The words of a refused command line are ipvsadm's own matter; those of the kernel are what operators search for.
      if (status === 255) expect(answers[index]?.output).toBe(output);
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
});
