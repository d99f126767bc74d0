export { default as arp } from './arp/role.js';
export { default as director } from './director/role.js';
export { default as ftp } from './ftp/role.js';
export { default as ipvsadm } from './ipvsadm/role.js';
export { default as probe } from './probe/role.js';
export { default as realserver } from './realserver/role.js';
