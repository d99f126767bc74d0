import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { inject } from 'vitest';
import type { ClusterHost } from '../../../src/inventory/cluster.js';
import type { NodeNetwork } from './network.js';
import { useEngine } from './runtime.js';

/** What /bin/sh is on a node: Debian's dash, or the ash of small systems. */
export type NodeShell = 'dash' | 'busybox';

export interface NodeOptions {
  readonly name: string;
  readonly network: NodeNetwork;
  /** The node's place in the network: its last octet, 2–254. */
  readonly octet: number;
  readonly shell?: NodeShell;
  readonly groups?: readonly string[];
}

/** A real Debian that is reached over SSH, as root with the run's key. */
export interface RoleNode {
  /** As an inventory would resolve it. */
  readonly host: ClusterHost;
  /** Runs a command beside SSH, to look at or to disturb the node: combined output, and throws unless it ends with 0. */
  exec(script: string): Promise<string>;
  stop(): Promise<void>;
}

/** sshd under a small init that reaps; /bin/sh is exchanged before anything asks for it. */
function command(shell: NodeShell): string[] {
  const start = [
    shell === 'busybox' ? 'ln -sf busybox /bin/sh' : ':',
    "ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
    'mkdir -p /run/sshd',
    'exec /usr/sbin/sshd -D -e',
  ];
  return ['/bin/bash', '-c', start.join(' && ')];
}

class NodeContainer extends GenericContainer {
  constructor(
    image: string,
    private readonly network: string,
    private readonly address: string,
  ) {
    super(image);
    this.withNetworkMode(network).withAddedCapabilities('NET_ADMIN', 'SYS_ADMIN');
    this.hostConfig.Init = true;
    // A role writes /proc/sys/net, which is the node's own; containers get /proc/sys read-only otherwise.
    // AppArmor's profile for containers forbids mounts, by which a test makes a node look older than its kernel.
    Object.assign(this.hostConfig, {
      ReadonlyPaths: [],
      MaskedPaths: [],
      SecurityOpt: ['apparmor=unconfined'],
    });
  }

  protected override async beforeContainerCreated(): Promise<void> {
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [this.network]: { IPAMConfig: { IPv4Address: this.address } } },
    };
  }
}

async function must(container: StartedTestContainer, script: string): Promise<string> {
  const { output, exitCode } = await container.exec(['sh', '-c', script]);
  if (exitCode !== 0) throw new Error(`${script}: ended with ${exitCode}:\n${output}`);
  return output;
}

export async function startNode(options: NodeOptions): Promise<RoleNode> {
  const { dockerHost, image, label, folder } = inject('roleTests');
  useEngine(dockerHost);
  const address = options.network.address(options.octet);
  const container = await new NodeContainer(image, options.network.name, address)
    .withHostname(options.name)
    .withLabels({ [label]: '' })
    .withCopyContentToContainer([
      { content: readFileSync(join(folder, 'id.pub')), target: '/root/.ssh/authorized_keys', mode: 0o600 },
    ])
    .withCommand(command(options.shell ?? 'dash'))
    .withWaitStrategy(Wait.forLogMessage(/Server listening/))
    .withStartupTimeout(600_000)
    .start();
  const knownHosts = join(folder, `known_hosts.${options.network.name}.${options.name}`);
  const hostKey = await must(container, 'cat /etc/ssh/ssh_host_ed25519_key.pub');
  writeFileSync(knownHosts, `${address} ${hostKey}`);
  return {
    host: {
      name: options.name,
      address,
      prefix: options.network.prefix,
      interface: 'eth0',
      groups: options.groups ?? [],
      vars: {},
      ssh: {
        hostName: address,
        port: 22,
        user: 'root',
        identityFiles: [join(folder, 'id')],
        agent: false,
        hostKeys: 'strict',
        knownHostsFiles: [knownHosts],
        algorithms: 'modern',
        sudo: false,
        passwordEnv: 'LVSCTL_TEST_PASSWORD',
        sudoPasswordEnv: 'LVSCTL_TEST_SUDO_PASSWORD',
        passphraseEnv: 'LVSCTL_TEST_PASSPHRASE',
        connectTimeoutSeconds: 20,
      },
    },
    exec: (script) => must(container, script),
    stop: async () => {
      await container.stop({ timeout: 0 });
    },
  };
}
