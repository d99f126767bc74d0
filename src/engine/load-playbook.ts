import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { importDefault } from '../inventory/index.js';
import type { Playbook } from './playbook.js';

/**
 * Reads a user's playbook, in which `lvsctl`, `lvsctl/roles`, `lvsctl/resources` and the playbooks of `lvsctl/playbooks/` are this very lvsctl.
 * @throws UsageError with the path of what is not as {@link Playbook} says
 */
export async function loadPlaybook(path: string): Promise<Playbook> {
  const file = resolve(path);
  const playbook = await importDefault(file, undefined, 'playbook', {
    'lvsctl/roles': () => import('../../roles/index.js'),
    'lvsctl/resources': () => import('../resources/index.js'),
    'lvsctl/playbooks/rebuild-legacy': () => import('../../playbooks/rebuild-legacy.js'),
    'lvsctl/playbooks/rolling': () => import('../../playbooks/rolling.js'),
    'lvsctl/playbooks/site': () => import('../../playbooks/site.js'),
    // The schemas of a user's roles are made by the same zod as ours.
    zod: () => import('zod'),
  });
  checkPlaybook(playbook, file);
  return playbook;
}

/** A playbook is code: the type checker of an editor finds most of this, a run must find it all. */
function checkPlaybook(value: unknown, file: string): asserts value is Playbook {
  const fail = (place: string, wanted: string, found: unknown): never => {
    throw new UsageError(`${file}: ${place} is ${JSON.stringify(found) ?? typeof found}`, {
      hint: `it must be ${wanted}; definePlaybook from 'lvsctl' lets an editor check it`,
    });
  };
  if (!isRecord(value)) return fail('the default export', 'a playbook', value);
  if (typeof value.name !== 'string') fail('name', 'a text', value.name);
  if (typeof value.verify !== 'boolean') fail('verify', 'true or false', value.verify);
  if (!Array.isArray(value.stages)) return fail('stages', 'a list of stages', value.stages);
  for (const [i, stage] of value.stages.entries()) {
    const place = `stages[${i}]`;
    if (!isRecord(stage)) return fail(place, 'a stage: { name, hosts, roles }', stage);
    if (typeof stage.name !== 'string') fail(`${place}.name`, 'a text', stage.name);
    if (typeof stage.hosts !== 'string' && typeof stage.hosts !== 'function')
      fail(
        `${place}.hosts`,
        "a host's or group's name, 'all', or a function of (host, cluster)",
        stage.hosts,
      );
    if (![undefined, 'parallel', 'rolling'].includes(stage.strategy as string | undefined))
      fail(`${place}.strategy`, "'parallel' or 'rolling'", stage.strategy);
    if (stage.order !== undefined && typeof stage.order !== 'function')
      fail(`${place}.order`, 'a function of (host, cluster) that returns a number', stage.order);
    checkRolling(stage, place, fail);
    if (!Array.isArray(stage.roles)) return fail(`${place}.roles`, 'a list of roles', stage.roles);
    for (const [j, role] of stage.roles.entries()) {
      const isRole = isRecord(role) && typeof role.name === 'string' && typeof role.resources === 'function';
      if (!isRole) fail(`${place}.roles[${j}]`, "a role: from 'lvsctl/roles', or made by defineRole", role);
    }
  }
}

/** What only a rolling stage has, and would otherwise be of no effect without a word. */
function checkRolling(
  stage: Readonly<Record<string, unknown>>,
  place: string,
  fail: (place: string, wanted: string, found: unknown) => never,
): void {
  for (const field of ['drain', 'batch', 'maxFailures'])
    if (stage[field] !== undefined && stage.strategy !== 'rolling')
      fail(`${place}.${field}`, "left out, or the strategy 'rolling'", stage[field]);
  const isShare = (value: unknown, least: number): boolean =>
    typeof value === 'number'
      ? Number.isInteger(value) && value >= least
      : typeof value === 'string' && /^(\d{1,2}|100)%$/.test(value);
  for (const [field, least] of [
    ['batch', 1],
    ['maxFailures', 0],
  ] as const)
    if (stage[field] !== undefined && !isShare(stage[field], least))
      fail(
        `${place}.${field}`,
        `a whole number from ${least} on, or a share of the hosts: '25%'`,
        stage[field],
      );
  if (stage.drain === undefined) return;
  if (!isRecord(stage.drain)) {
    fail(`${place}.drain`, 'an object: { waitSeconds, busy, … }', stage.drain);
    return;
  }
  const { busy, ...seconds } = stage.drain;
  if (busy !== undefined && busy !== 'stop' && busy !== 'cut')
    fail(`${place}.drain.busy`, "'stop' or 'cut'", busy);
  for (const [field, value] of Object.entries(seconds)) {
    if (!['waitSeconds', 'checkSeconds', 'settleSeconds'].includes(field))
      fail(
        `${place}.drain.${field}`,
        'left out: drain has waitSeconds, busy, checkSeconds and settleSeconds',
        value,
      );
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0))
      fail(`${place}.drain.${field}`, 'a whole number of seconds from 0 on', value);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
