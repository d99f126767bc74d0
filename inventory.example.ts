// The cluster of the classic LVS tutorial: FTP on one virtual address, spread 3:1 over two real servers.
//
//                          client 10.83.33.50
//                                 │  ftp 10.83.33.100
//                                 ▼
//                    director 10.83.33.83, holds the VIP 10.83.33.100
//                       │ 3 of 4 connections     │ 1 of 4
//                       ▼                        ▼
//               rs1 10.83.33.76          rs2 10.83.33.2
//
// Change it to your hosts, then:
//
//   lvsctl validate inventory.ts      is it all right?
//   lvsctl lab up inventory.ts        a virtual twin of it, on this machine
//   lvsctl plan inventory.ts          what would be done (add --lab for the twin)
//   lvsctl provision inventory.ts     do it, and prove it
//   lvsctl verify inventory.ts        connect from the client: who answers, how often?
//
// An editor completes every field and shows what it is for.
import { defineInventory } from 'lvsctl';

export default defineInventory({
  // Names the cluster in output and in the lab.
  name: 'tutorial',

  // How all hosts are reached. A group or a host can have an `ssh` of its own, and what none of them says comes from
  // ~/.ssh/config. Passwords are asked for, or taken from LVSCTL_PASSWORD; they never stand here.
  ssh: {
    user: 'root',
    hostKeys: 'strict', // 'accept-new' learns the key of a host at the first visit
  },

  // The network interface that faces the cluster’s network, on every host that doesn’t say otherwise.
  interface: 'eth0',

  hosts: {
    director: { address: '10.83.33.83/24' },
    rs1: { address: '10.83.33.76/24' },
    rs2: { address: '10.83.33.2/24' },
    client: { address: '10.83.33.50/24' },
  },

  services: {
    ftp: {
      // Where clients connect to. No host has this address of its own: director and real servers all hold it,
      // and only the director tells the network so.
      vip: '10.83.33.100',
      port: 21,

      // Weighted round robin: in turn, by weight.
      scheduler: 'wrr',

      // Direct routing: the real servers answer the client themselves, past the director.
      forwarding: 'dr',

      directors: ['director'],
      realServers: [
        { host: 'rs1', weight: 3 },
        { host: 'rs2', weight: 1 },
      ],
    },
  },

  // Where `lvsctl verify` connects from.
  probes: ['client'],

  roles: {
    // The tutorial’s FTP servers; {n} is the place in realServers, so that a login shows who answers.
    ftp: { banner: 'Welcome to FTP{n} server' },
  },
});
