import { randomBytes } from 'node:crypto';
import { arp, ftp, realserver, rollingSurvey, rollingTask } from '../roles/index.js';
import { runId } from '../roles/rolling/continued.js';
import { type Drain, definePlaybook, type Share, type Stage } from '../src/engine/playbook.js';
import type { Role } from '../src/engine/role.js';
import { drainableServices } from '../src/engine/rolling.js';

/** What is done on each real server while it is out of the directors' tables, in this order: roles, command, reboot. */
export interface RollingOptions {
  readonly roles?: readonly Role[];
  /** For `sh -c`, as root. */
  readonly command?: string;
  readonly reboot?: boolean;
  /** Seconds until a host must be back; `kernel.rebootWithinSeconds` of the inventory, else 600, unless given. */
  readonly rebootWithinSeconds?: number;
  readonly drain?: Drain;
  readonly batch?: Share;
  readonly maxFailures?: Share;
  /** True: a run that was interrupted is not gone on with, but begun again. */
  readonly anew?: boolean;
}

/** Real servers, one after the other: out of the tables, changed, checked, and back. Directors are never among them. */
export function rollingStages(options: RollingOptions): readonly Stage[] {
  const {
    roles = [],
    command,
    reboot = false,
    drain = {},
    rebootWithinSeconds,
    batch,
    maxFailures,
    anew,
  } = options;
  const once = command !== undefined || reboot;
  const task = rollingTask({
    reboot,
    run: runId(new Date(), randomBytes(3).toString('hex')),
    ...(command !== undefined && { command }),
    ...(anew !== undefined && { anew }),
    ...(rebootWithinSeconds !== undefined && { withinSeconds: rebootWithinSeconds }),
  });
  return [
    ...(once ? [{ name: 'rolling survey', hosts: 'all', roles: [rollingSurvey] }] : []),
    {
      name: 'rolling',
      hosts: (host, cluster) => drainableServices(cluster, host).length > 0,
      roles: [...roles, ...(once ? [task] : [])],
      strategy: 'rolling',
      drain,
      ...(batch !== undefined && { batch }),
      ...(maxFailures !== undefined && { maxFailures }),
    },
  ];
}

/** Roles of real servers that a rolling run may be asked for by name; content travels beside the traffic, and needs stages of its own. */
export const realServerRoles: readonly Role[] = [arp, ftp, realserver];

/** What `provision` does with real servers, one after the other and without a failed request. */
export default definePlaybook({
  name: 'rolling',
  stages: rollingStages({ roles: realServerRoles }),
  verify: true,
});
