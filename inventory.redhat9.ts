// The cluster of the classic LVS tutorial as its author had it: three hosts of 2003 that run Red Hat 9 with Linux 2.4.20-8,
// which has no IPVS and answers ARP for every address. lvsctl builds the tutorial's kernel on one of them, tries it on each
// with the old one to fall back on, and goes on as with any cluster.
//
//   lvsctl validate inventory.redhat9.ts
//   lvsctl explain inventory.redhat9.ts rs1     what its kernel lacks, and what will be done about it
//   lvsctl lab up inventory.redhat9.ts          twins of these hosts, on this machine
//   lvsctl plan inventory.redhat9.ts            what would be done (add --lab for the twins)
//   lvsctl provision inventory.redhat9.ts       do it, and prove it
//
// See inventory.example.ts for all that is not special to old hosts.
import { defineInventory } from 'lvsctl';

export default defineInventory({
  name: 'redhat9',

  ssh: {
    user: 'root',
    // OpenSSH 3.5p1 speaks SHA-1, CBC ciphers and groups of 1024 bits; `legacy` accepts these after all that is newer.
    algorithms: 'legacy',
  },

  hosts: {
    director: { address: '10.83.33.83/24' },
    rs1: { address: '10.83.33.76/24' },
    rs2: { address: '10.83.33.2/24' },
    // A machine of today that connects; it needs nothing but SSH and sh.
    client: { address: '10.83.33.50/24', ssh: { algorithms: 'modern' } },
  },

  groups: {
    shrike: {
      hosts: ['director', 'rs1', 'rs2'],
      kernel: {
        // Without this word no kernel is ever replaced.
        rebuild: true,
        // Linux 2.4.20 with ipvs-1.0.9 and the hidden patch. Without it: 2.4.37.11, which closes known holes and needs no patch.
        profile: 'tutorial',
      },
      // Their twins answer as Red Hat 9 did. Real hosts are not touched by this.
      lab: { flavour: 'redhat9' },
    },
  },

  services: {
    ftp: {
      vip: '10.83.33.100',
      port: 21,
      scheduler: 'wrr',
      forwarding: 'dr',
      directors: ['director'],
      realServers: [
        { host: 'rs1', weight: 3 },
        { host: 'rs2', weight: 1 },
      ],
    },
  },

  probes: ['client'],

  roles: {
    ftp: { banner: 'Welcome to FTP{n} server' },
  },
});
