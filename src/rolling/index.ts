import type { Gate, GateReach } from '../engine/index.js';
import { lockOwner } from '../engine/lock.js';
import { drain, undrain, waitUntilIdle } from '../operations/index.js';
import { checkServes } from './check.js';
import { TableGate } from './gate.js';

/** The gate of a run: real servers go out of their directors' tables and come back, over the run's own connections. */
export function openGate(reach: GateReach): Gate {
  const [who = ''] = lockOwner().name.split(' ');
  return new TableGate(reach, { drain, undrain, waitUntilIdle, checkServes }, who);
}
