import type { Source } from './instructions.js';

const document = (name: string): Source => ({ name, general: false });

/** Documents that the commands come from; what is in none of them is `general`. */
export const sources = {
  howto: document('LVS-HOWTO, Non-Linux Realservers'),
  howtoTun: document('LVS-HOWTO, LVS-Tun'),
  lvsKb: document(
    'LVS knowledge base, LVS/TUN mode with FreeBSD and Solaris realserver (FreeBSD 5.4, Solaris 10)',
  ),
  cisco: document('Cisco, document 10567'),
  ibm: document('IBM WebSphere Edge Components, Aliasing the network interface card or loopback device'),
  ibmCommerce: document('IBM WebSphere Commerce, Configure Web servers for MAC forwarding'),
  ibmWindows: document(
    'IBM technote swg21304795, How to configure the loopback adapter on Microsoft Windows 2008',
  ),
  hp: document('HP B2355-90796; HP-UX LAN Administrator’s Guide, Virtual IP (VIP) Addresses'),
  hpNames: document('HP-UX LAN Administrator’s Guide, Networking Terminology'),
  openbsd: document('OpenBSD hostname.if(5)'),
  netbsd: document('NetBSD ifaliases(5)'),
  solarisRouter: document('Solaris defaultrouter(4)'),
  solarisIpadm: document('Solaris ipadm(1M)'),
  solarisTunnel: document('PSARC 2009/373, Clearview IP tunnels'),
  weakHost: document('loadbalancer.org, Direct Server Return on Windows 2008 using loopback adapter'),
  barracuda: document('Barracuda Load Balancer, Windows Server 2003, 2008 and 2012 for Direct Server Return'),
  general: { name: 'general knowledge', general: true },
} as const satisfies Readonly<Record<string, Source>>;
