import {
  arp,
  content,
  contentKey,
  contentSource,
  director,
  ftp,
  ipvsadm,
  probe,
  realserver,
} from '../roles/index.js';
import { definePlaybook } from '../src/engine/playbook.js';

/** The whole cluster: real servers before the directors that send them connections, the traffic check last. */
export default definePlaybook({
  name: 'site',
  stages: [
    // The content's public keys travel from the real servers to its source, and the source's host keys back.
    { name: 'content keys', hosts: 'all', roles: [contentKey] },
    { name: 'content source', hosts: 'all', roles: [contentSource] },
    { name: 'real servers', hosts: 'all', roles: [arp, content, ftp, realserver] },
    { name: 'directors', hosts: 'all', roles: [ipvsadm, director] },
    { name: 'probe hosts', hosts: 'all', roles: [probe] },
  ],
  verify: true,
});
