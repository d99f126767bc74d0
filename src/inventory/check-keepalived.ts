import { parseAddress } from './address.js';
import { reportUnknownHost } from './check-hosts.js';
import { type CheckInput, checksOf } from './check-of.js';
import { interfaceOf } from './check-services.js';
import type { Draft } from './draft.js';
import { writtenAddresses } from './host-address.js';
import { directorLists, MOST_DIRECTORS, MOST_LISTS, vrrpOf } from './keepalived.js';
import { pathProblem } from './path.js';
import type { Path, Report } from './problem.js';
import type { ServiceInput } from './schema.js';
import { didYouMean } from './suggest.js';

/** Checks, sorry servers, and what several directors of a service need. */
export function checkKeepalived(draft: Draft, report: Report): void {
  for (const [name, service] of draft.services) {
    if (!service) continue;
    const path = ['services', name];
    const { check } = service;
    for (const [index, each] of checksOf(service).entries())
      checkOne([...path, 'check', ...(Array.isArray(check) ? [index] : [])], each, service, report);
    checkSorry(path, service, draft, report);
    checkDirectors(path, service, report);
  }
  checkVips(draft, report);
  checkNumbers(draft, report);
  checkInterface(draft, report);
}

/** The fields that only some types understand. */
const OWN_FIELDS: Readonly<Partial<Record<keyof CheckInput, readonly CheckInput['type'][]>>> = {
  path: ['http', 'https'],
  hostName: ['http', 'https'],
  status: ['http', 'https'],
  helo: ['smtp'],
  name: ['dns'],
  record: ['dns'],
  command: ['misc'],
  user: ['misc'],
};

/** What no schema says of one check. */
export function checkOne(
  path: Path,
  check: CheckInput,
  service: Pick<ServiceInput, 'port'>,
  report: Report,
): void {
  const { type } = check;
  for (const [field, types] of Object.entries(OWN_FIELDS)) {
    const value = check[field as keyof CheckInput];
    if (value === undefined || types.includes(type)) continue;
    const of = types.join(' and ');
    report(
      [...path, field],
      value,
      `is of checks by ${of}, and this one is ${type}`,
      `take it out, or use type ${types[0]}`,
    );
  }
  if (type === 'misc') {
    if (check.command === undefined)
      report(
        [...path, 'command'],
        undefined,
        'is missing',
        'write the program that checks, for example ["/usr/local/sbin/check-web", "{address}", "{port}"]',
      );
    if (check.port !== undefined)
      report(
        [...path, 'port'],
        check.port,
        'is not read by a program',
        'give it to `command` as an argument',
      );
    const [program] = check.command ?? [];
    const problem = program === undefined ? undefined : pathProblem(program);
    if (problem !== undefined)
      report(
        [...path, 'command', 0],
        program,
        problem,
        'write the absolute path of a program, such as /usr/local/sbin/check-web',
      );
    // "${_HASH}" and its like become something else in keepalived, quoted or not.
    for (const [index, word] of (check.command ?? []).entries())
      if (/["'$\\\p{Cc}]/u.test(word))
        report(
          [...path, 'command', index],
          word,
          'has quotes, "$", backslashes or control characters, which keepalived.conf does not give back as they were',
          'put the command into a script, and write that here',
        );
  } else if (service.port === 0 && check.port === undefined)
    report(
      [...path, 'port'],
      undefined,
      'is missing, and the service is every port',
      'write the port that the check shall ask at',
    );
}

function checkSorry(path: Path, service: ServiceInput, draft: Draft, report: Report): void {
  const { sorry, quorum, hysteresis, forwarding = 'dr' } = service;
  if (sorry === undefined) {
    for (const [field, value] of Object.entries({ quorum, hysteresis }))
      if (value !== undefined)
        report(
          [...path, field],
          value,
          'says when the sorry server takes over, and there is none',
          'add `sorry: { host: … }`, or take it out',
        );
    return;
  }
  const at = [...path, 'sorry'];
  if (hysteresis !== undefined && hysteresis >= (quorum ?? 1))
    report(
      [...path, 'hysteresis'],
      hysteresis,
      `is not less than quorum, ${quorum ?? 1}: the sorry server would never take over`,
      'lower it, or raise quorum',
    );
  if (service.directors.length < 2 && draft.keepalived === undefined)
    report(
      at,
      sorry,
      'needs keepalived, which runs where a service has several directors, and this one has one',
      'add `keepalived: {}` to the inventory, or take it out',
    );
  if (checksOf(service).length === 0)
    report(
      at,
      sorry,
      'takes over when real servers fail, and nothing checks them',
      'add a `check`, for example `check: { type: "tcp" }`',
    );
  if (!draft.hosts.has(sorry.host)) reportUnknownHost(sorry.host, [...at, 'host'], draft, report);
  const part = service.directors.includes(sorry.host)
    ? 'director'
    : service.realServers.some((server) => server.host === sorry.host)
      ? 'real server'
      : undefined;
  if (part !== undefined)
    report([...at, 'host'], sorry.host, `is a ${part} of the service`, 'name another host');
  const families = writtenAddresses(draft.hosts.get(sorry.host)).map(({ family }) => family);
  const vip = parseAddress(service.vip)?.family;
  if (vip !== undefined && families.length > 0 && !families.includes(vip))
    report(
      [...at, 'host'],
      sorry.host,
      `has no ${vip} address, but the VIP is ${vip}`,
      'name a host with an address of that family',
    );
  if (sorry.port !== undefined && forwarding !== 'nat' && sorry.port !== service.port)
    report(
      [...at, 'port'],
      sorry.port,
      `differs from the service’s port ${service.port}`,
      `with forwarding ${forwarding} packets arrive unchanged: leave the port out`,
    );
}

function checkDirectors(path: Path, service: ServiceInput, report: Report): void {
  const { directors, realServers } = service;
  if (directors.length > MOST_DIRECTORS)
    report(
      [...path, 'directors'],
      directors,
      `names ${directors.length} directors, of ${MOST_DIRECTORS} at most`,
      'two or three are enough',
    );
  if (directors.length < 2) return;
  for (const [index, { host }] of realServers.entries())
    if (directors.includes(host))
      report(
        [...path, 'realServers', index, 'host'],
        host,
        'is one of several directors of this service: while another one directs, this one’s own table would send its connections on once more',
        'take it out of realServers, or give the service a single director',
      );
}

/** A VIP is held by one party, in one place. */
function checkVips(draft: Draft, report: Report): void {
  const owners = new Map<string, { readonly name: string; readonly directors: string }>();
  for (const [name, service] of draft.services) {
    const vip = service && parseAddress(service.vip)?.address;
    if (!service || vip === undefined) continue;
    const directors = service.directors.join(', ');
    const owner = owners.get(vip);
    if (owner === undefined) owners.set(vip, { name, directors });
    else if (owner.directors !== directors)
      report(
        ['services', name, 'directors'],
        service.directors,
        `differs from service ${owner.name}, which has the same VIP and the directors ${owner.directors}`,
        'give the services of one VIP the same directors, in the same order; or give this one a VIP of its own',
      );
  }
}

/** Unicast is between the directors' own addresses, which are on their own NICs: by another one nobody would hear the other. */
function checkInterface(draft: Draft, report: Report): void {
  const { interface: said, unicast } = vrrpOf(draft);
  if (said === undefined || !unicast) return;
  const several = [...draft.services.values()].flatMap((service) =>
    service && service.directors.length > 1 ? service.directors : [],
  );
  const others = [...new Set(several)].filter(
    (name) => draft.hosts.get(name) && interfaceOf(draft, name) !== said,
  );
  const [first] = others;
  if (first === undefined) return;
  const found = others.map((name) => `${interfaceOf(draft, name)} of ${name}`).join(' and ');
  report(
    ['keepalived', 'interface'],
    said,
    `is not the interface of the directors’ addresses, which they send VRRP from and to: ${found}`,
    'add `unicast: false`, and they speak by multicast there; or take it out, and they speak by the interface of their addresses',
  );
}

/** VRRP's numbers: one for each list of directors. */
function checkNumbers(draft: Draft, report: Report): void {
  const services = [...draft.services].flatMap(([name, service]) =>
    service ? [{ name, directors: service.directors }] : [],
  );
  const lists = directorLists({ services, keepalived: draft.keepalived });
  const { id } = vrrpOf(draft);
  if (lists.size > MOST_LISTS)
    report(
      ['services'],
      undefined,
      `have ${lists.size} different lists of directors, and VRRP has ${MOST_LISTS} numbers`,
      'give more of them the same directors, in the same order',
    );
  if (typeof id === 'object') checkIds(id, lists, draft, report);
  else if (id !== undefined && lists.size > 1)
    report(
      ['keepalived', 'id'],
      id,
      `is one number, and the services have ${lists.size} different lists of directors`,
      `write one for each, by a service of it: id: { ${[...lists.values()]
        .slice(0, 3)
        .map(([first], index) => `${first?.name}: ${((id + index - 1) % MOST_LISTS) + 1}`)
        .join(', ')}${lists.size > 3 ? ', …' : ''} }; or leave it out`,
    );
}

function checkIds(
  ids: Readonly<Record<string, number>>,
  lists: ReadonlyMap<string, readonly { readonly name: string }[]>,
  draft: Draft,
  report: Report,
): void {
  const listOf = new Map([...lists].flatMap(([list, of]) => of.map(({ name }) => [name, list] as const)));
  const owners = new Map<number, { readonly name: string; readonly list: string }>();
  const numbers = new Map<string, { readonly name: string; readonly number: number }>();
  for (const [name, number] of Object.entries(ids)) {
    const path = ['keepalived', 'id', name];
    const list = listOf.get(name);
    if (list === undefined) {
      if (!draft.services.has(name))
        report(path, number, 'is of no service', didYouMean(name, [...draft.services.keys()], 'services'));
      continue;
    }
    const former = numbers.get(list);
    const owner = owners.get(number);
    if (former !== undefined && former.number !== number)
      report(
        path,
        number,
        `differs from ${former.number} of service ${former.name}, which has the same directors: they have one number`,
        'write the one of them, or the same for both',
      );
    else if (owner !== undefined && owner.list !== list)
      report(
        path,
        number,
        `is the number of service ${owner.name} too, which has other directors`,
        'give each list of directors a number of its own',
      );
    numbers.set(list, former ?? { name, number });
    owners.set(number, owner ?? { name, list });
  }
}
