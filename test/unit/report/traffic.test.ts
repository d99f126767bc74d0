import { describe, expect, it } from 'vitest';
import { width } from '../../../src/report/index.js';
import { createPaint } from '../../../src/report/paint.js';
import { trafficText } from '../../../src/report/traffic.js';
import { BROKEN_TRAFFIC, TRAFFIC } from './scenarios.js';

const paint = createPaint(false);
const text = (report: typeof TRAFFIC, columns: number) =>
  `${trafficText(report, paint, columns).join('\n')}\n`;

describe('the traffic report', () => {
  it('draws the shares', async () => {
    await expect(text(TRAFFIC, 120)).toMatchFileSnapshot('golden/traffic.txt');
  });

  it('gives each problem with its cause, and says what is not known', async () => {
    await expect(text(BROKEN_TRAFFIC, 120)).toMatchFileSnapshot('golden/traffic-broken.txt');
  });

  it.each([80, 92, 120, 200])('fits %i columns', (columns) => {
    expect(Math.max(...trafficText(TRAFFIC, paint, columns).map(width))).toBeLessThan(columns);
  });

  it('gives the bar of a share its length', () => {
    const lines = trafficText(TRAFFIC, paint, 120);
    const bars = lines.map((line) => [...line].filter((sign) => sign === '█').length);
    expect(bars).toEqual([0, 23, 8, 0]);
  });

  it('draws nothing where nothing was tried', () => {
    const untried = { ...TRAFFIC, connections: 0, problems: ['the inventory names no probe host'] };
    expect(trafficText(untried, paint, 120)).toEqual([
      '✗ tcp 10.83.33.100:21 (ftp): no connection was tried',
      '  ✗ the inventory names no probe host',
    ]);
  });

  it('names the address of an IPv6 service without brackets', () => {
    const lines = trafficText({ ...TRAFFIC, endpoint: '[2001:db8::100]:21/tcp' }, paint, 120);
    expect(lines[0]).toContain('tcp [2001:db8::100]:21 (ftp)');
    expect(lines.at(-1)).toContain('neighbour discovery for 2001:db8::100: 1 answer');
  });
});
