import { z } from 'zod';
import type { Facts } from '../../../src/engine/facts.js';
import type { Resource } from '../../../src/engine/resource.js';
import { defineRole, type RoleInput } from '../../../src/engine/role.js';
import { LvsctlError } from '../../../src/errors.js';
import {
  absent,
  account,
  address,
  announceAddress,
  block,
  bootScript,
  configuredService,
  directory,
  file,
  hostRoute,
  kernelModule,
  linkUp,
  modulesAtBoot,
  packages,
  persistentSysctl,
  service,
  sysctl,
} from '../../../src/resources/index.js';
import { nested, sh, shLines } from '../../../src/shell/index.js';
import { fileName } from './payloads.js';

/**
 * A user's own role, which passes variables and parameters of the inventory, and facts, to every resource that lvsctl
 * exports, wherever they take a string. What no file, folder or word can be (NUL) is for the files' contents only.
 */
export const houseRole = defineRole({
  name: 'house',
  description: 'every resource, with every string of the inventory',
  params: z.unknown(),
  appliesTo: () => true,
  resources: (input) => shareOf(input).flatMap((text, i) => filesWith(text, i)),
  publish: (input) =>
    Object.fromEntries(textsOf(input).map((text, i) => [`text ${i}`, sh`printf '%s\n' ${word(text)}`])),
});

/** Each host takes a part of the strings, since each costs some processes. */
function shareOf(input: RoleInput<unknown>): string[] {
  const hosts = [...input.cluster.hosts.keys()];
  return textsOf(input).filter((_, i) => hosts[i % hosts.length] === input.host.name);
}

/** All resources, those too that would end a job in a sandbox, where they can't succeed. */
export function allResources(texts: readonly string[], facts: Facts): Resource[] {
  return texts.flatMap((text, i) => [...filesWith(text, i), ...systemWith(text, facts)]);
}

function textsOf({ host, params }: RoleInput<unknown>): string[] {
  return [...new Set([...stringsIn(host.vars), ...stringsIn(params)])];
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [key, ...stringsIn(part)]);
}

const word = (text: string): string => text.replaceAll('\0', '');

function filesWith(text: string, i: number): Resource[] {
  const path = `/srv/house/${i}${fileName(text)}.d`;
  return [
    directory({ path }),
    file({ path: `${path}/file`, content: text, backup: true, after: sh`: ${word(text)}` }),
    file({ path: `${path}/function`, content: (present) => `${present ?? ''}${text}` }),
    ...(i > 0 ? [] : longFiles(path, text)),
    block({
      path: `${path}/block`,
      name: word(text),
      body: `${text}\n`,
      heading: `${text}\n`,
      executable: true,
    }),
    absent(`${path}/no/${fileName(text)}`),
    {
      id: `nested ${i}`,
      probe: sh`sh -c ${nested(sh`printf '%s' ${word(text)}; sh -c ${nested(sh`echo ${[word(text), 1]}`)}`)}`,
      plan: () => ({
        summary: text,
        apply: shLines(sh`x=${word(text)}; printf '%s' "$x"`, sh`: ${word(text)}`),
      }),
    },
  ];
}

/** Beyond what goes inline, and beyond what is one argument of sh. */
function longFiles(path: string, text: string): Resource[] {
  const long = (bytes: number): string => word(text).repeat(Math.ceil(bytes / (word(text).length + 1)));
  return [
    file({ path: `${path}/long`, content: long(70_000) }),
    ...[1, 2, 3].map((n) => file({ path: `${path}/inline${n}`, content: long(30_000) })),
    file({ path: `${path}/bytes`, content: Buffer.from(text) }),
  ];
}

function systemWith(raw: string, facts: Facts): Resource[] {
  const text = word(raw);
  const one = (make: () => Resource | readonly Resource[]): readonly Resource[] => {
    try {
      const made = make();
      return Array.isArray(made) ? made : [made as Resource];
    } catch (error) {
      if (error instanceof LvsctlError) return [];
      throw error;
    }
  };
  const setting = { key: `net/ipv4/conf/${text}/arp_ignore`, value: text };
  const configuration = file({ path: `/srv/${fileName(text)}.conf`, content: text });
  return [
    ...one(() => account({ name: text, home: text, shell: text })),
    ...one(() => directory({ path: '/srv/owned', mode: '0700', owner: text })),
    ...one(() => file({ path: '/srv/owned/file', content: text, mode: text, owner: text })),
    ...one(() => address({ address: '10.9.9.8', prefix: 32, interface: text, label: text, facts })),
    ...one(() =>
      address({
        address: '10.9.9.8',
        prefix: 32,
        interface: text,
        facts,
        announce: announceAddress({ vip: text, interface: text, neighbour: text, facts }),
      }),
    ),
    ...one(() => bootScript({ name: text, description: text, text: '#!/bin/sh\n:\n', facts })),
    ...one(() => {
      const { files, service: it } = configuredService({ name: text, facts, files: [configuration] });
      return [...files, it];
    }),
    ...one(() => hostRoute({ address: text, device: text })),
    ...one(() => kernelModule(text)),
    ...one(() => linkUp({ interface: text, facts })),
    ...one(() => modulesAtBoot(text, [text], facts)),
    ...one(() => packages({ name: text, packages: [{ default: text }], facts })),
    ...one(() => persistentSysctl({ name: text, settings: [setting], facts })),
    ...one(() => service({ name: text, facts, restartOn: [text] })),
    ...one(() => sysctl({ ...setting })),
  ];
}
