import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ipvsadmSource, kernelBuild, kernelSurvey } from '../../roles/index.js';
import type { Store } from '../../src/engine/store.js';
import type { Cluster, ClusterHost, OwnKernelProfile } from '../../src/inventory/cluster.js';
import { makeTwinSources, redHat9Config, twinDepmod } from '../../src/lab/twin-sources/index.js';
import { environmentPasswords, openHost } from '../../src/ssh/index.js';
import { folderStore } from '../support/folder-store.js';
import { service } from '../unit/roles/cluster.js';
import { createNetwork, type NodeNetwork } from './support/network.js';
import { type RoleNode, startNode } from './support/node.js';
import { provisionWith } from './support/provision.js';

/** Linux 2.4.37.11 as an inventory may name it: its owner answers for the compiler, which is one of today here. */
const own: OwnKernelProfile = {
  version: '2.4.37.11',
  source: { file: 'linux-2.4.37.tar.bz2', sha256: '' },
  patches: [{ file: 'patch-2.4.37.11.bz2', sha256: '' }],
  flavour: '2.4',
  base: 'running',
  options: { NETFILTER: 'y', IP_VS: 'm', IP_VS_WRR: 'm', IP_VS_SED: 'm' },
  image: { target: 'bzImage', path: 'arch/i386/boot/bzImage' },
  arp: 'arp-flags',
  ipvsadm: { file: 'ipvsadm-1.21-11.tar.gz', sha256: '' },
};
const SOURCES = { source: 'linux-2.4.37', 'patch-1': 'patch-2.4.37.11', ipvsadm: 'ipvsadm-1.21-11' };

let folder: string;
/** Twin sources by their names in the catalogue. */
let files: ReadonlyMap<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lvsctl-kernel-roles-'));
  const made = await makeTwinSources(folder, { names: Object.values(SOURCES) as never });
  files = new Map(made.map(({ name, path }) => [name, path]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function clusterOf(hosts: readonly ClusterHost[], director: string): Cluster {
  const realServers = hosts.filter(({ kernel }) => kernel !== undefined && director === '');
  return {
    name: 'kernel-roles',
    file: '/inventory.ts',
    hosts: new Map(hosts.map((host) => [host.name, host])),
    services: [
      service({
        directors: director === '' ? [] : [director],
        realServers: realServers.map(({ name, address }) => ({ host: name, address, port: 21, weight: 1 })),
      }),
    ],
    probes: [],
    kernelProfiles: { ours: own },
    roles: {},
  };
}

async function put(node: RoleNode, path: string, content: Buffer | string): Promise<void> {
  const host = await openHost(node.host, { passwords: environmentPasswords({}) });
  await host.upload(path, Buffer.from(content));
  await host.close();
}

/** From now on the node shows this release, and what a kernel of its time has in /proc. */
async function lookOld(node: RoleNode, release: string): Promise<void> {
  await put(node, '/tmp/osrelease', `${release}\n`);
  await node.exec(
    'rm -f /.dockerenv; mount --bind /tmp/osrelease /proc/sys/kernel/osrelease; ' +
      'mount -t tmpfs tmpfs /proc/sys/net/ipv4/conf; mkdir /proc/sys/net/ipv4/conf/all',
  );
}

describe.each(['dash', 'busybox'] as const)('kernelBuild on a build host with %s', (shell) => {
  let network: NodeNetwork;
  let [builder, rs1]: [RoleNode | undefined, RoleNode | undefined] = [undefined, undefined];
  beforeAll(async () => {
    network = await createNetwork();
    [builder, rs1] = await Promise.all([
      startNode({ name: 'builder', network, octet: 11, shell }),
      startNode({ name: 'rs1', network, octet: 12, shell }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([builder?.stop(), rs1?.stop()]);
    await network?.remove();
  });

  test('installs what it builds with, makes the kernel that rs1 wants, and nothing the second time', async () => {
    if (!builder || !rs1) throw new Error('no nodes');
    await lookOld(rs1, '2.4.20-8');
    await put(rs1, '/boot/config-2.4.20-8', await redHat9Config());
    // Its own reads only what kernels of today have.
    await put(builder, '/usr/local/sbin/depmod', await twinDepmod());
    await builder.exec('chmod 755 /usr/local/sbin/depmod');
    const given = new Map(
      Object.entries(SOURCES).map(([role, name]) => [`ours:${role}`, files.get(name) ?? '']),
    );
    const open = (): Promise<Store> => Promise.resolve(folderStore(mine, given));
    const mine = mkdtempSync(join(folder, 'store-'));
    // The build host is not to be rebuilt itself.
    const wants = { ...rs1.host, kernel: { rebuild: true, profile: 'ours', buildHost: 'builder' } };
    const cluster = clusterOf([builder.host, wants], '');

    const first = await provisionWith({ openStore: open }, cluster, [kernelSurvey], [kernelBuild]);
    expect(first.failures).toEqual([]);
    expect(first.changes.every((change) => change.startsWith('builder: '))).toBe(true);
    expect(first.changes[0]).toMatch(/^builder: install gcc, .*make.*with apt$/);
    expect(await builder.exec('gcc -dumpversion')).toMatch(/^12/);

    const bundle = [...folderStore(mine, given).files.values()].find(({ name }) =>
      name.startsWith('bundle '),
    );
    const tar = (...args: string[]) => execFileSync('tar', args, { encoding: 'utf8' });
    const release = bundle?.name.replace('bundle ', '') ?? '';
    expect(release).toMatch(/^2\.4\.37\.11-lvs[0-9a-f]{8}$/);
    const members = tar('tzf', bundle?.path ?? '').split('\n');
    expect(members).toEqual(
      expect.arrayContaining([`lib/modules/${release}/kernel/net/ipv4/ipvs/ip_vs_sed.o`, 'sbin/ipvsadm']),
    );
    expect(tar('xzOf', bundle?.path ?? '', 'boot/vmlinuz')).toContain(`lvsctl-twin-kernel ${release}\n`);
    expect(await builder.exec('ls -ld /usr/src/linux')).toContain(`-> linux-${release}`);
    // A node has nothing of it yet.
    expect(await rs1.exec('ls /usr/src')).toBe('');

    const second = await provisionWith({ openStore: open }, cluster, [kernelSurvey], [kernelBuild]);
    expect(second).toEqual({ changes: [], failures: [] });
  });
});

describe.each(['dash', 'busybox'] as const)('ipvsadm from source on a director with %s', (shell) => {
  let network: NodeNetwork;
  let director: RoleNode | undefined;
  beforeAll(async () => {
    network = await createNetwork();
    director = await startNode({ name: 'director', network, octet: 83, shell });
  });
  afterAll(async () => {
    await director?.stop();
    await network?.remove();
  });

  test('is built against the kernel’s tree, and once', async () => {
    if (!director) throw new Error('no node');
    await director.exec('apt-get update -q && apt-get install -y gcc libc6-dev make patch bzip2');
    // A host of 2003 that runs a kernel with IPVS, whose source is there, configured as it was built.
    await lookOld(director, '2.4.37.11');
    await director.exec(
      "rm /usr/bin/apt-get /usr/bin/dpkg-query; printf '#!/bin/sh\\nexit 0\\n' > /usr/local/sbin/modprobe; chmod 755 /usr/local/sbin/modprobe",
    );
    const cluster = clusterOf([{ ...director.host, kernel: { rebuild: false } }], 'director');
    const openStore = () => Promise.resolve(folderStore(folder, files));

    const without = await provisionWith({ openStore }, cluster, [ipvsadmSource]);
    expect(without.failures.map(({ message }) => message)).toEqual([
      'ipvsadm 1.21-11 is built against the source of the kernel that runs, and /usr/src/linux/include/net/ip_vs.h is not there',
    ]);

    await put(director, '/usr/src/linux.tar.bz2', readFileSync(files.get('linux-2.4.37') ?? ''));
    await put(director, '/tmp/config', `${await redHat9Config()}CONFIG_IP_VS=m\nCONFIG_IP_VS_TAB_BITS=16\n`);
    await director.exec(
      "cd /usr/src && bzip2 -dc linux.tar.bz2 | tar xf - && ln -s linux-2.4.37 linux && cd linux && cp /tmp/config .config && yes '' | make oldconfig > /dev/null",
    );
    const first = await provisionWith({ openStore }, cluster, [ipvsadmSource]);
    expect(first).toEqual({
      changes: ['director: build ipvsadm 1.21-11 for Linux 2.4.37.11, and install it into /sbin'],
      failures: [],
    });
    expect(
      await director.exec('ls -l /sbin/ipvsadm /sbin/ipvsadm-save /sbin/ipvsadm-restore; ls /usr/src/lvsctl'),
    ).toMatch(/^(-rwxr-xr-x .*\n){3}$/);
    expect(await provisionWith({ openStore }, cluster, [ipvsadmSource])).toEqual({
      changes: [],
      failures: [],
    });
  });
});
