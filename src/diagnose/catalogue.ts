import type { Check } from './check.js';
import { bootDirector, bootServer } from './checks/boot.js';
import { passiveFtp, probeIsParty, udpSource, unexplained } from './checks/client.js';
import {
  foreignService,
  noIpvsadm,
  overloaded,
  persistenceDiffers,
  schedulerModule,
  splitBrain,
  syncDaemon,
  weightsZero,
} from './checks/director.js';
import { acceptLocal, keepalivedDown, vrrpFilter } from './checks/failover.js';
import { directorFilter, serverFilter } from './checks/filter.js';
import {
  backupOnly,
  connReuse,
  conntrackDirector,
  conntrackServer,
  deadDestinations,
  natConntrack,
  oneSided,
  quiescent,
  synDefence,
  tableSize,
  twRecycle,
} from './checks/kernel.js';
import {
  arpAnswer,
  directorState,
  notServing,
  returnPath,
  serverState,
  tableDrift,
  unansweredAtVip,
  unreachable,
} from './checks/known.js';
import { marksMissing } from './checks/marks.js';
import {
  drGateway,
  drLink,
  mtu,
  natOnLink,
  natRedirects,
  rpFilter,
  staleServer,
  staleVip,
  tunnelDevice,
  tunnelMtu,
} from './checks/network.js';
import { arpAnnounce, arpIgnore } from './checks/quiet.js';

/**
 * The table of causes (LVS-HOWTO, ipvs-sysctl.rst, ipvsadm(8), and what was met in practice), the most likely of each severity first. A new cause is
 * one entry more.
 */
export const CATALOGUE: readonly Check[] = [
  ...unreachable,
  ...directorState,
  schedulerModule,
  marksMissing,
  weightsZero,
  directorFilter,
  vrrpFilter,
  splitBrain,
  acceptLocal,
  arpAnswer,
  arpIgnore,
  staleVip,
  ...serverState,
  serverFilter,
  staleServer,
  ...returnPath,
  natOnLink,
  natRedirects,
  drLink,
  drGateway,
  rpFilter,
  tunnelDevice,
  mtu,
  overloaded,
  oneSided,
  conntrackDirector,
  conntrackServer,
  synDefence,
  deadDestinations,
  backupOnly,
  twRecycle,
  ...tableDrift,
  persistenceDiffers,
  foreignService,
  noIpvsadm,
  keepalivedDown,
  bootDirector,
  bootServer,
  arpAnnounce,
  connReuse,
  quiescent,
  syncDaemon,
  tableSize,
  probeIsParty,
  passiveFtp,
  udpSource,
  tunnelMtu,
  natConntrack,
  unansweredAtVip,
  notServing,
  unexplained,
];
