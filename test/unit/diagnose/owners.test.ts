import { expect, it } from 'vitest';
import { ownersOf } from '../../../src/diagnose/diagnose.js';
import type { Observations, Observed } from '../../../src/diagnose/scene.js';
import type { Traffic } from '../../../src/diagnose/traffic.js';
import { Survey } from '../../../src/verify/survey.js';
import { cluster, ftp } from './observed.js';

const mac = '02:00:00:00:00:02';
const seen: Traffic = {
  client: true,
  vips: new Map(),
  direct: new Map(),
  arp: new Map([[ftp.vip, [mac]]]),
  neighbours: new Map([['10.83.33.2', mac]]),
};

it('a host that can’t be asked is known by the MAC address that its neighbours have for it', async () => {
  const observations: Observations = new Map<string, Observed>([
    ['client', new Map<string, unknown>([['traffic', seen]])],
    ['rs2', { unreachable: 'connection refused' }],
  ]);
  const nobody = () => Promise.reject(new Error('nobody is to be asked'));
  const survey = new Survey(cluster().hosts, nobody, undefined);
  expect([...(await ownersOf(cluster(), observations, survey))]).toEqual([[mac, 'rs2']]);
});
