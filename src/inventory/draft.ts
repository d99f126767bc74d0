import type { z } from 'zod';
import {
  type GroupInput,
  groupSchema,
  type HostInput,
  hostSchema,
  inventorySchema,
  type KernelProfileInput,
  kernelProfileSchema,
  type ServiceInput,
} from './schema.js';
import { serviceSchema } from './service-schema.js';

/**
 * What of an inventory has the right shape. A part with problems of its own is undefined, yet its name is known,
 * so that checks across the parts still run and one run shows all problems.
 */
export interface Draft {
  readonly name: string | undefined;
  readonly ssh: Inventory['ssh'];
  readonly interface: string | undefined;
  readonly kernel: Inventory['kernel'];
  readonly lab: Inventory['lab'];
  readonly vars: Inventory['vars'];
  readonly hosts: ReadonlyMap<string, HostInput | undefined>;
  readonly groups: ReadonlyMap<string, GroupInput | undefined>;
  readonly services: ReadonlyMap<string, ServiceInput | undefined>;
  readonly kernelProfiles: ReadonlyMap<string, KernelProfileInput | undefined>;
  readonly ipvs: Inventory['ipvs'];
  readonly keepalived: Inventory['keepalived'];
  readonly probes: readonly string[];
  readonly roles: Inventory['roles'];
  readonly ownRoles: Inventory['ownRoles'];
}

type Inventory = z.output<typeof inventorySchema>;

export function draftOf(value: unknown): Draft {
  const raw = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const field = <Key extends keyof Inventory>(key: Key): Inventory[Key] | undefined => {
    const parsed = inventorySchema.shape[key].safeParse(raw[key]);
    return parsed.success ? (parsed.data as Inventory[Key]) : undefined;
  };
  return {
    name: field('name'),
    ssh: field('ssh'),
    interface: field('interface'),
    kernel: field('kernel'),
    lab: field('lab'),
    vars: field('vars'),
    hosts: entries(raw.hosts, hostSchema),
    groups: entries(raw.groups, groupSchema),
    services: entries(raw.services, serviceSchema),
    kernelProfiles: entries(raw.kernelProfiles, kernelProfileSchema),
    ipvs: field('ipvs'),
    keepalived: field('keepalived'),
    probes: field('probes') ?? [],
    roles: field('roles'),
    ownRoles: field('ownRoles'),
  };
}

function entries<Value>(value: unknown, schema: z.ZodType<Value>): Map<string, Value | undefined> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(Object.entries(value).map(([name, part]) => [name, schema.safeParse(part).data]));
}
