import { arp, director, ftp, ipvsadm, probe, realserver } from '../roles/index.js';
import { definePlaybook } from '../src/engine/playbook.js';

/** The whole cluster: real servers before the directors that send them connections, the traffic check last. */
export default definePlaybook({
  name: 'site',
  stages: [
    { name: 'real servers', hosts: 'all', roles: [arp, ftp, realserver] },
    { name: 'directors', hosts: 'all', roles: [ipvsadm, director] },
    { name: 'probe hosts', hosts: 'all', roles: [probe] },
  ],
  verify: true,
});
