import type { Facts } from '../../../src/engine/facts.js';
import { emptyRecord } from '../../../src/ipvs/index.js';

const arp = '/proc/sys/net/ipv4/conf/all';
const nic = { name: 'eth0', mac: '52:54:00:12:34:56', mtu: 1500, up: true };
const loopback = { name: 'lo', mac: undefined, mtu: 65536, up: true };

const common = {
  hostname: 'host',
  interfaces: [loopback, nic],
  modules: new Set<string>(),
  ipvs: { loaded: false, available: true, version: undefined },
  bootId: '6a1f0e0c-1d2b-4b3c-8f7e-000000000001',
  memoryKiB: 262144,
  processors: 1,
  epochSeconds: 1763800000,
  recorded: emptyRecord,
};

export const debian: Facts = {
  ...common,
  os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)', like: [] },
  kernel: { release: '6.1.0-13-amd64', machine: 'x86_64', sealed: false },
  init: 'systemd',
  packageManager: 'apt',
  commands: new Set(['ip', 'systemctl', 'modprobe', 'apt-get', 'dpkg-query', 'ssh-keygen']),
  paths: new Set(['/etc/sysctl.d', '/etc/modules', `${arp}/arp_ignore`, `${arp}/arp_announce`]),
};

/** Red Hat 9 as it came, but with a kernel from 2.4.26 on. */
export const redhat9: Facts = {
  ...common,
  os: { id: 'redhat', version: '9', name: 'Red Hat Linux release 9 (Shrike)', like: ['redhat'] },
  kernel: { release: '2.4.28', machine: 'i686', sealed: false },
  init: 'sysv',
  packageManager: 'yum',
  commands: new Set([
    'ifconfig',
    'route',
    'arp',
    'arping',
    'modprobe',
    'chkconfig',
    'service',
    'rpm',
    'ssh-keygen',
  ]),
  paths: new Set([
    '/etc/sysctl.conf',
    '/etc/rc.local',
    '/etc/rc.d/rc.local',
    '/etc/cron.d',
    `${arp}/arp_ignore`,
    `${arp}/arp_announce`,
  ]),
};

export const alpine: Facts = {
  ...common,
  os: { id: 'alpine', version: '3.20.3', name: 'Alpine Linux v3.20', like: [] },
  kernel: { release: '6.6.58-0-lts', machine: 'x86_64', sealed: false },
  init: 'openrc',
  packageManager: 'apk',
  commands: new Set(['ip', 'ifconfig', 'route', 'arping', 'modprobe', 'rc-update', 'rc-service', 'apk']),
  paths: new Set([
    '/run/openrc',
    '/etc/sysctl.d',
    '/etc/sysctl.conf',
    '/etc/modules',
    '/etc/local.d',
    `${arp}/arp_ignore`,
    `${arp}/arp_announce`,
  ]),
};

export const systems: readonly (readonly [string, Facts])[] = [
  ['debian', debian],
  ['redhat9', redhat9],
  ['alpine', alpine],
];
