import { spawn } from 'node:child_process';
import { LvsctlError } from '../errors.js';
import type { Cluster, ClusterHost } from '../inventory/cluster.js';
import { quote } from '../shell/index.js';
import type { Dial } from '../ssh/host.js';
import { flavourOfHost, type LabLayout, layoutOf } from './layout.js';
import { sshArguments } from './login.js';
import { dialInto, supervisorStatus } from './relay.js';
import { programPath, requireRoot } from './requirements.js';
import { leftOutRemark, requireInLab, twinOf } from './twin.js';

/**
 * The twin of the cluster, with each host's SSH settings replaced by the lab's, and the way into the lab's network.
 * A host of the lab that is powered off stays in the cluster: as with a real one, connecting to it fails (EHOSTUNREACH), but at once.
 * Hosts that don't run Linux stay among the hosts, to be told of, and serve nothing: `remark` says so.
 * @throws LvsctlError when the lab isn't up, or doesn't have all of the hosts
 */
export async function labAccess(
  given: Cluster,
): Promise<{ cluster: Cluster; dial: Dial; remark: string | undefined }> {
  requireRoot();
  const { cluster, leftOut } = twinOf(given);
  const layout = layoutOf(cluster.name);
  const guests = await supervisorStatus(layout);
  const missing = [...cluster.hosts.keys()].filter((name) => !guests?.some((guest) => guest.name === name));
  if (guests === undefined || missing.length > 0)
    throw new LvsctlError(
      guests === undefined
        ? `the lab of ${cluster.name} is not up`
        : `the lab of ${cluster.name} runs without ${missing.join(', ')}`,
      { hint: `lvsctl lab up ${cluster.file}` },
    );
  const hosts = [...cluster.hosts.values()].map((host) => [host.name, reached(layout, host)] as const);
  const all = [...hosts, ...leftOut.map((host) => [host.name, host] as const)];
  return {
    cluster: { ...cluster, hosts: new Map(all) },
    dial: dialInto(layout),
    remark: leftOutRemark({ leftOut }),
  };
}

function reached(layout: LabLayout, host: ClusterHost): ClusterHost {
  const { jump: _, ...own } = host.ssh;
  const legacy = flavourOfHost(host) === 'redhat9';
  return {
    ...host,
    ssh: {
      ...own,
      hostName: host.address,
      port: 22,
      user: 'root',
      identityFiles: [legacy ? layout.legacyUserKey : layout.userKey],
      agent: false,
      hostKeys: 'strict',
      knownHostsFiles: [layout.knownHosts],
      algorithms: legacy ? 'legacy' : 'modern',
      sudo: false,
      // A fork takes 30 ms in a guest, and many of them share a processor.
      connectTimeoutSeconds: Math.max(own.connectTimeoutSeconds, 60),
    },
  };
}

/**
 * Runs a command on a host of the lab, with this process's stdin, stdout and stderr; a login shell when argv is empty.
 * @returns its exit status; 255 when ssh itself failed
 */
export async function labExec(cluster: Cluster, host: string, argv: readonly string[]): Promise<number> {
  requireInLab(cluster, [host]);
  const access = await labAccess(cluster);
  const target = access.cluster.hosts.get(host);
  if (target === undefined)
    throw new LvsctlError(`the lab of ${cluster.name} has no host ${host}`, {
      hint: `It has ${[...cluster.hosts.keys()].join(', ')}.`,
    });
  const args = [...sshArguments(layoutOf(cluster.name), target.address), ...argv.map(quote)];
  const child = spawn(programPath('ip') ?? 'ip', args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 255));
  });
}
