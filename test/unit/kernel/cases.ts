import type { ArpDecision, ArpOptions, IpvsDecision } from '../../../src/kernel/index.js';
import { flags, redirect, type Shown } from './hosts.js';

export interface DecisionCase {
  readonly title: string;
  readonly shown: Shown;
  readonly kernel?: { readonly rebuild: boolean; readonly profile?: 'safer' | 'tutorial' };
  /** The tutorial's FTP, by wrr, unless given. */
  readonly service?: Partial<NonNullable<ArpOptions['services']>[number]> & { readonly scheduler?: string };
  /** `rebuild` with the profile behind it. */
  readonly ipvs: Exclude<IpvsDecision['kind'], 'rebuild'> | 'rebuild safer' | 'rebuild tutorial';
  readonly arp: Exclude<ArpDecision['kind'], 'rebuild'> | 'rebuild safer' | 'rebuild tutorial';
}

const web = { name: 'web', port: 80 };
const redHat9 = { release: '2.4.20-8', ...redirect };
const rhel3 = { ipvs: 'module', modules: ['arptable_filter', 'arpt_mangle', ...redirect.modules] };
const arptables = { commands: ['arptables', 'iptables'] };

export const cases: readonly DecisionCase[] = [
  // The tutorial's hosts.
  { title: 'Red Hat 9 as it came', shown: redHat9, ipvs: 'impossible', arp: 'redirect' },
  {
    title: 'Red Hat 9, rebuild allowed',
    shown: redHat9,
    kernel: { rebuild: true },
    ipvs: 'rebuild safer',
    arp: 'rebuild safer',
  },
  {
    title: 'Red Hat 9, rebuild as in the tutorial',
    shown: redHat9,
    kernel: { rebuild: true, profile: 'tutorial' },
    ipvs: 'rebuild tutorial',
    arp: 'rebuild tutorial',
  },
  {
    title: 'Red Hat 9, a profile without the word to rebuild',
    shown: redHat9,
    kernel: { rebuild: false, profile: 'tutorial' },
    ipvs: 'impossible',
    arp: 'redirect',
  },
  {
    title: 'Red Hat 9 for a web service, which REDIRECT suits: no rebuild for it',
    shown: redHat9,
    kernel: { rebuild: true },
    service: web,
    ipvs: 'rebuild safer',
    arp: 'redirect',
  },
  {
    title: 'Red Hat 9 with smp kernel and no iptables',
    shown: { release: '2.4.20-20.9smp' },
    ipvs: 'impossible',
    arp: 'impossible',
  },
  {
    title: 'Red Hat 9 for SCTP, which REDIRECT does not know',
    shown: redHat9,
    service: { protocol: 'sctp', port: 2905 },
    ipvs: 'impossible',
    arp: 'impossible',
  },
  {
    title: 'Red Hat 9 for a tunnel',
    shown: redHat9,
    kernel: { rebuild: true },
    service: { ...web, forwarding: 'tun' },
    ipvs: 'rebuild safer',
    arp: 'rebuild safer',
  },
  // Vendors' kernels that have more.
  {
    title: 'Red Hat 8.0: IPVS built in by Red Hat, arptables without its command',
    shown: {
      release: '2.4.18-14',
      ipvs: 'module',
      modules: ['ip_vs', 'arptable_filter', 'arpt_mangle', ...redirect.modules],
      commands: ['iptables'],
    },
    ipvs: 'load',
    arp: 'redirect',
  },
  {
    title: 'Red Hat 8.0, rebuild allowed: IPVS will do, and is not rebuilt for',
    shown: { release: '2.4.18-14', ipvs: '1.0.4' },
    kernel: { rebuild: true },
    ipvs: 'nothing',
    arp: 'rebuild safer',
  },
  {
    title: 'Red Hat 8.0 asked for sed, which its IPVS lacks',
    shown: { release: '2.4.18-14', ipvs: 'module' },
    service: { ...web, scheduler: 'sed' },
    ipvs: 'impossible',
    arp: 'impossible',
  },
  {
    title: 'Red Hat 8.0 asked for sed, rebuild as in the tutorial',
    shown: { release: '2.4.18-14', ipvs: 'module' },
    kernel: { rebuild: true, profile: 'tutorial' },
    service: { ...web, scheduler: 'sed' },
    ipvs: 'rebuild tutorial',
    arp: 'rebuild tutorial',
  },
  {
    title: 'RHEL 3 with arptables and backported arp_announce',
    shown: { release: '2.4.21-40.EL', arp: ['arp_announce'], ...rhel3, ...arptables },
    kernel: { rebuild: true },
    ipvs: 'load',
    arp: 'arptables',
  },
  {
    title: 'RHEL 3 without mangle: arp_announce stands in for it',
    shown: {
      release: '2.4.21-47.ELsmp',
      ipvs: '1.0.8',
      arp: ['arp_announce'],
      modules: ['arptable_filter'],
      ...arptables,
    },
    ipvs: 'nothing',
    arp: 'arptables',
  },
  {
    title: 'RHEL 3 before the backport, without mangle',
    shown: { release: '2.4.21-4.EL', ipvs: '1.0.8', modules: ['arptable_filter'], ...arptables },
    ipvs: 'nothing',
    arp: 'impossible',
  },
  {
    title: 'RHEL 3 whose modules are incomplete',
    shown: { release: '2.4.21-40.EL', arp: ['arp_announce'] },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'rebuild safer',
  },
  {
    title: "a vendor's 2.4 kernel that nobody looked at",
    shown: { release: '2.4.18-3', commands: ['iptables'] },
    kernel: { rebuild: true },
    ipvs: 'rebuild safer',
    arp: 'rebuild safer',
  },
  // Mainline.
  {
    title: '2.4.20 patched as in the tutorial',
    shown: { release: '2.4.20', ipvs: '1.0.9', arp: ['hidden'] },
    kernel: { rebuild: true, profile: 'tutorial' },
    ipvs: 'nothing',
    arp: 'hidden',
  },
  {
    title: '2.4.20 as lvsctl builds it',
    shown: { release: '2.4.20-lvs1', ipvs: 'module', arp: ['hidden'] },
    kernel: { rebuild: true, profile: 'tutorial' },
    ipvs: 'load',
    arp: 'hidden',
  },
  { title: '2.4.20 unpatched', shown: { release: '2.4.20' }, ipvs: 'impossible', arp: 'impossible' },
  {
    title: '2.4.20pre10 unpatched, rebuild allowed',
    shown: { release: '2.4.20pre10' },
    kernel: { rebuild: true },
    ipvs: 'rebuild safer',
    arp: 'rebuild safer',
  },
  {
    title: '2.4.23: IPVS in the source, ARP flags not yet',
    shown: { release: '2.4.23', ipvs: 'module' },
    ipvs: 'load',
    arp: 'impossible',
  },
  {
    title: '2.4.26: both',
    shown: { release: '2.4.26', ipvs: '1.0.11', arp: flags },
    ipvs: 'nothing',
    arp: 'arp-flags',
  },
  {
    title: '2.4.26 with the hidden patch as well',
    shown: { release: '2.4.26', ipvs: 'module', arp: [...flags, 'hidden'] },
    ipvs: 'load',
    arp: 'arp-flags',
  },
  {
    title: '2.4.28 built without IPVS, rebuild allowed',
    shown: { release: '2.4.28', arp: flags },
    kernel: { rebuild: true },
    ipvs: 'rebuild safer',
    arp: 'arp-flags',
  },
  {
    title: '2.4.37.11 as lvsctl builds it',
    shown: { release: '2.4.37.11-lvs1', ipvs: 'module', arp: flags },
    kernel: { rebuild: true },
    ipvs: 'load',
    arp: 'arp-flags',
  },
  {
    title: '2.6.0',
    shown: {
      release: '2.6.0',
      ipvs: 'module',
      modules: ['ip_vs', 'arptable_filter', 'arpt_mangle'],
      ...arptables,
    },
    ipvs: 'load',
    arp: 'arptables',
  },
  {
    title: '2.6.0 without IPVS and arptables, rebuild allowed',
    shown: { release: '2.6.0' },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'impossible',
  },
  {
    title: '2.6.4',
    shown: { release: '2.6.4', ipvs: '1.2.0', arp: flags },
    ipvs: 'nothing',
    arp: 'arp-flags',
  },
  {
    title: '2.6.4 whose /proc/sys is not there',
    shown: { release: '2.6.4', ipvs: '1.2.0', ...redirect },
    kernel: { rebuild: true },
    ipvs: 'nothing',
    arp: 'impossible',
  },
  {
    title: '2.2.19, too old for all',
    shown: { release: '2.2.19' },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'impossible',
  },
  // Today.
  {
    title: 'Debian 12',
    shown: {
      release: '6.1.0-18-amd64',
      ipvs: 'module',
      arp: flags,
      commands: ['iptables', 'arptables'],
      modules: ['ip_vs', 'arptable_filter', 'arpt_mangle', 'iptable_nat', 'xt_REDIRECT'],
    },
    kernel: { rebuild: true },
    ipvs: 'load',
    arp: 'arp-flags',
  },
  {
    title: 'Debian 12 asked for mh, of which the tables say nothing',
    shown: { release: '6.1.0-18-amd64', ipvs: '1.2.1', arp: flags },
    service: { ...web, scheduler: 'mh' },
    ipvs: 'nothing',
    arp: 'arp-flags',
  },
  {
    title: 'Debian 12 with the kernel for clouds',
    shown: { release: '6.1.0-18-cloud-amd64', arp: flags },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'arp-flags',
  },
  {
    title: 'a host of the lab',
    shown: { release: '6.1.158', ipvs: 'module', arp: flags },
    ipvs: 'load',
    arp: 'arp-flags',
  },
  {
    title: 'a kernel that takes no more modules',
    shown: { release: '6.1.0-18-amd64', ipvs: 'module', arp: flags, sealed: true },
    ipvs: 'impossible',
    arp: 'arp-flags',
  },
  {
    title: 'no modprobe, though the module is there',
    shown: { release: '6.1.0-18-amd64', modules: ['ip_vs'], arp: flags, modprobe: false },
    ipvs: 'impossible',
    arp: 'arp-flags',
  },
  {
    title: 'a module that modprobe does not find',
    shown: { release: '2.4.28', modules: ['ip_vs'], arp: flags },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'arp-flags',
  },
  {
    title: 'a container without modprobe',
    shown: { release: '6.1.0-18-amd64', arp: flags, modprobe: false, paths: ['/.dockerenv'] },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'arp-flags',
  },
  {
    title: 'a container on a 2.4 kernel: nothing of its own to rebuild',
    shown: { release: '2.4.20', paths: ['/proc/vz'] },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'impossible',
  },
  {
    title: 'the machine that runs OpenVZ containers',
    shown: { release: '2.4.20', paths: ['/proc/vz', '/proc/bc'] },
    kernel: { rebuild: true },
    ipvs: 'rebuild safer',
    arp: 'rebuild safer',
  },
  {
    title: 'a container that may load modules',
    shown: { release: '6.1.158', ipvs: 'module', arp: flags, paths: ['/run/.containerenv'] },
    ipvs: 'load',
    arp: 'arp-flags',
  },
  {
    title: 'no facts at all',
    shown: { release: '', modprobe: false },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'impossible',
  },
  {
    title: 'a release that is none',
    shown: { release: 'GNU-Mach 1.8' },
    kernel: { rebuild: true },
    ipvs: 'impossible',
    arp: 'impossible',
  },
];
