import {
  arp,
  content,
  contentKey,
  contentSource,
  director,
  formerDirector,
  forwarding,
  ftp,
  ipvsadm,
  ipvsadmSource,
  probe,
  realserver,
} from '../roles/index.js';
import { definePlaybook } from '../src/engine/playbook.js';
import { kernelStages } from './rebuild-legacy.js';

/** The whole cluster: real servers before the directors that send them connections, the traffic check last. */
export default definePlaybook({
  name: 'site',
  stages: [
    // Kernels first, where the inventory allows one: all that follows rests on what they show.
    ...kernelStages,
    // The content's public keys travel from the real servers to its source, and the source's host keys back.
    { name: 'content keys', hosts: 'all', roles: [contentKey] },
    { name: 'content source', hosts: 'all', roles: [contentSource] },
    // Real servers of NAT services route through their director, which has to let packets through before.
    { name: 'gateways', hosts: 'all', roles: [forwarding] },
    // What directors and probe hosts only install goes along: it needs minutes on a slow host, and no traffic depends on it.
    {
      name: 'real servers',
      hosts: 'all',
      roles: [arp, content, ftp, realserver, ipvsadmSource, ipvsadm, probe],
    },
    { name: 'directors', hosts: 'all', roles: [director, formerDirector] },
  ],
  verify: true,
});
