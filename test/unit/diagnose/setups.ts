import type { Cluster, Service } from '../../../src/inventory/cluster.js';
import { cluster, ftp, type Otherwise } from './observed.js';

/** What is wrong, as the probes show it, and what is to be found: `CHECK@HOST: FIX`, in this order, and nothing else. */
export type Case = readonly [name: string, otherwise: Otherwise, told: readonly string[]];

export const dr = (change: Partial<Service>): Partial<Cluster> => ({ services: [{ ...ftp, ...change }] });
const hosts = (...names: string[]) => {
  const { hosts: known } = cluster();
  const template = known.get('director');
  if (!template) throw new Error('no director');
  return new Map([
    ...known,
    ...names.map((name, i) => [name, { ...template, name, address: `10.83.33.${84 + i}` }] as const),
  ]);
};
export const two = { services: [{ ...ftp, directors: ['director', 'lvs2'] }], hosts: hosts('lvs2') };
export const tun = dr({ forwarding: 'tun' });
export const tunnelled: NonNullable<Otherwise['on']> = {
  director: [
    ['evidence', /0015 {6}Route/g, '0015      Tunnel'],
    ['table', /:21( +)Route /g, ':21 Tunnel '],
  ],
};
export const nat = dr({ forwarding: 'nat' });
export const masq: NonNullable<Otherwise['on']> = {
  director: [
    ['evidence', /0015 {6}Route/g, '0015      Masq'],
    ['evidence', '== forward\n0', '== forward\n1'],
    ['evidence', 'all/send_redirects:1', 'all/send_redirects:0'],
    ['evidence', 'eth0/send_redirects:1', 'eth0/send_redirects:0'],
  ],
};
/** The way to the director, and to nobody else on the link. */
export const backByDirector: readonly (readonly [string, string | RegExp, string])[] = [
  ['evidence', /eth0\t00000000\tFE21530A/, 'eth0\t00000000\t5321530A'],
  ['routes', /eth0\t00000000\tFE21530A/, 'eth0\t00000000\t5321530A'],
  ['routes', /eth0\t0021530A\t00000000.*00FFFFFF/, 'eth0\t5321530A\t00000000\t0001\t0\t0\t0\tFFFFFFFF'],
];
export const natServers = { rs1: backByDirector, rs2: backByDirector };
