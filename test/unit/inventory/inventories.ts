import type { Surroundings } from '../../../src/inventory/index.js';

type Tree = Record<string, unknown>;

/** The tutorial's cluster with a group and a spare host, fresh at each call. */
export function goodInventory(): Tree {
  return {
    name: 'tutorial',
    ssh: { user: 'root' },
    hosts: {
      director: { address: '10.83.33.83/24' },
      rs1: { address: '10.83.33.76/24' },
      rs2: { address: '10.83.33.2/24' },
      spare: { address: '10.83.33.84/24' },
      client: { address: '10.83.33.50/24' },
    },
    groups: { old: { hosts: ['rs1', 'rs2'] } },
    services: {
      ftp: {
        vip: '10.83.33.100',
        port: 21,
        scheduler: 'wrr',
        forwarding: 'dr',
        directors: ['director'],
        realServers: [
          { host: 'rs1', weight: 3 },
          { host: 'rs2', weight: 1 },
        ],
      },
    },
    probes: ['client'],
    roles: { ftp: { banner: 'Welcome to FTP{n} server' } },
  };
}

/** The good inventory with values put at paths (`services.ftp.port`) and others dropped. */
export function changedInventory(
  put: Readonly<Record<string, unknown>> = {},
  drop: readonly string[] = [],
): Tree {
  const inventory = goodInventory();
  for (const path of drop) {
    const { parent, key } = holder(inventory, path);
    delete parent[key];
  }
  for (const [path, value] of Object.entries(put)) {
    const { parent, key } = holder(inventory, path);
    parent[key] = value;
  }
  return inventory;
}

function holder(inventory: Tree, path: string): { parent: Tree; key: string } {
  const keys = path.split('.');
  const key = keys.pop() ?? '';
  let parent = inventory;
  for (const each of keys) {
    parent[each] ??= {};
    parent = parent[each] as Tree;
  }
  return { parent, key };
}

/** A machine of which only these files (and their folders) exist. */
export function machine(
  files: Readonly<Record<string, string>> = {},
  env: Surroundings['env'] = {},
): Surroundings {
  return {
    home: '/home/ann',
    user: 'ann',
    env,
    readFile: (path) => files[path],
    exists: (path) => path in files,
    list: (folder) => {
      const inside = Object.keys(files).filter((path) => path.startsWith(`${folder.replace(/\/$/, '')}/`));
      const names = inside.map(
        (path) => path.slice(folder.replace(/\/$/, '').length + 1).split('/')[0] ?? '',
      );
      return [...new Set(names)].sort();
    },
  };
}
