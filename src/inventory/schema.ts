import { z } from 'zod';
import { contentParams } from '../../roles/content/params.js';
import { ftpParams } from '../../roles/ftp/params.js';
import { keepalivedSchema } from './check-schema.js';
import {
  environmentName,
  interfaceName,
  ipAddressWithPrefix,
  kernelVersionText,
  lineOfText,
  makeWord,
  nearPath,
  optionText,
  sha256Text,
  treePath,
  userPath,
} from './fields.js';
import { ipvsSchema, serviceSchema } from './service-schema.js';
import { SYSTEMS } from './systems.js';

const port = z.int().min(1).max(65535);
const vars = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const names = z.array(z.string());

const sshFields = {
  user: lineOfText.optional().describe('User to log in as. `root` by default; another one needs `sudo`.'),
  port: port.optional().describe('TCP port of the SSH server, 1 to 65535. 22 by default.'),
  identityFiles: z
    .array(userPath)
    .optional()
    .describe(
      'Private keys, tried in order: absolute paths, or `~/…`. The usual ones of `~/.ssh` by default. ' +
        'The passphrase of an encrypted key is asked for, or read from the variable `passphraseEnv`.',
    ),
  agent: z
    .union([z.boolean(), userPath])
    .optional()
    .describe(
      'SSH agent: its socket, true for the one of `SSH_AUTH_SOCK` (the default, where one runs), or false for none.',
    ),
  jump: z
    .union([z.literal(false), lineOfText])
    .optional()
    .describe(
      'Host to go through: the name of a host of this inventory, or `user@host:port`. ' +
        'False: go straight there, whatever a group or `~/.ssh/config` says.',
    ),
  config: z
    .union([z.literal(false), userPath])
    .optional()
    .describe('OpenSSH client configuration to honour, or false for none. `~/.ssh/config` by default.'),
  hostKeys: z
    .enum(['strict', 'accept-new'])
    .optional()
    .describe(
      '`strict` (the default) refuses a host whose key is not in known_hosts; `accept-new` learns it at the first visit. ' +
        'A changed key is refused always.',
    ),
  knownHostsFiles: z
    .array(userPath)
    .optional()
    .describe(
      'Files of known host keys; a new key is added to the first. ' +
        '`~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` by default.',
    ),
  algorithms: z
    .enum(['modern', 'legacy'])
    .optional()
    .describe(
      '`modern` (the default), or `legacy`, which also accepts what OpenSSH 3.5 (Red Hat 9) speaks: ' +
        'SHA-1, CBC ciphers, 1024-bit groups.',
    ),
  sudo: z
    .boolean()
    .optional()
    .describe('Become root with sudo after the login. False by default; without effect for the user root.'),
  passwordEnv: environmentName
    .optional()
    .describe(
      'Environment variable that holds the login password, `LVSCTL_PASSWORD` by default. ' +
        'Where it is unset, the terminal asks. A password itself never stands in this file.',
    ),
  sudoPasswordEnv: environmentName
    .optional()
    .describe('Environment variable that holds the password for sudo, `LVSCTL_SUDO_PASSWORD` by default.'),
  passphraseEnv: environmentName
    .optional()
    .describe(
      'Environment variable that holds the passphrase of an encrypted key, `LVSCTL_PASSPHRASE` by default.',
    ),
  connectTimeoutSeconds: z
    .number()
    .min(0.1)
    .max(600)
    .optional()
    .describe('Seconds to wait for a connection and login, 0.1 to 600. 15 by default.'),
};

const ssh = z.strictObject(sshFields).meta({
  id: 'SshOptions',
  description:
    'How hosts are reached. Host before group before global settings, then `~/.ssh/config`, then the defaults.',
});

const hostSsh = z
  .strictObject({
    hostName: lineOfText
      .optional()
      .describe('Name or address to connect to, where it is not the host’s `address`.'),
    ...sshFields,
  })
  .meta({ id: 'HostSshOptions', description: 'How this host is reached.' });

const kernel = z
  .strictObject({
    rebuild: z
      .boolean()
      .optional()
      .describe(
        'Allow lvsctl to build and boot another kernel where the running one will not do (see `lvsctl explain`). False by default. ' +
          'For hosts of the Linux 2.4 era.',
      ),
    profile: z
      .string()
      .optional()
      .describe(
        'Which kernel: `safer` (the default), Linux 2.4.37.11, which has all that is needed and closes known holes; ' +
          '`tutorial`, 2.4.20 with ipvs-1.0.9 and the hidden patch; or a name in `kernelProfiles`.',
      ),
    buildHost: z
      .string()
      .optional()
      .describe(
        'Name of the host that builds it: a Linux with a compiler that this kernel takes. ' +
          'By default the first host that may be rebuilt and is no director.',
      ),
    rebootWithinSeconds: z
      .int()
      .min(10)
      .max(86400)
      .optional()
      .describe(
        'Seconds within which the host must answer again after a reboot, 10 to 86400: its firmware’s checks and those of ' +
          'its disks included. 600 by default.',
      ),
  })
  .meta({
    id: 'KernelOptions',
    description:
      'Whether and how a kernel may be replaced. Host before group before global settings, field by field.',
  });

const lab = z
  .strictObject({
    flavour: z
      .enum(['debian', 'redhat9'])
      .optional()
      .describe(
        '`debian` (the default), a small server of today; `redhat9`, a host that answers as Red Hat 9 with Linux 2.4.20-8 did: ' +
          'SysV init, its commands and their flags, its SSH algorithms, GRUB 0.93.',
      ),
  })
  .meta({
    id: 'LabOptions',
    description: 'What the twin of a host in the lab is made of. Host before group before global settings.',
  });

const ownFile = z
  .strictObject({
    file: nearPath.describe(
      'Path on this machine: from the folder of the inventory, absolute, or in the home folder (`~/…`).',
    ),
    sha256: sha256Text.describe('Its SHA-256 digest: 64 hexadecimal digits in lower case.'),
  })
  .meta({ id: 'OwnFile', description: 'A file on this machine, and its digest.' });

export const kernelProfileSchema = z
  .strictObject({
    version: kernelVersionText.describe(
      'Its version, as the Makefile of the patched tree says it: `6.1.192`, `2.4.37.11`.',
    ),
    source: ownFile.describe('The source: a tarball of one folder, plain or packed by gzip, bzip2 or xz.'),
    patches: z
      .array(ownFile)
      .optional()
      .describe('Patches for `patch -p1`, in their order, plain or packed. None by default.'),
    flavour: z
      .enum(['2.4', '2.6'])
      .describe(
        'How it is built: `2.4`, with `make dep` and an oldconfig that asks; `2.6`, the kernels since then.',
      ),
    arch: makeWord.optional().describe('ARCH of make, for example `um`. That of the build host by default.'),
    base: makeWord
      .optional()
      .describe(
        'Where its configuration begins: `running` (the default), with that of the kernel that the host runs; ' +
          'else a target of make, for example `defconfig`.',
      ),
    options: z
      .record(z.string(), z.union([optionText, z.int()]))
      .describe(
        'Options set over the base, without CONFIG_: `{ IP_VS: "m" }`. Each is looked up after make has had its say; ' +
          'one that is gone stops the build.',
      ),
    image: z
      .strictObject({
        target: makeWord.describe('Target of make: `bzImage`.'),
        path: treePath.describe('The file that it makes, below the tree: `arch/i386/boot/bzImage`.'),
      })
      .meta({ id: 'KernelImage', description: 'What is built and booted.' })
      .describe('What is built and booted.'),
    arp: z
      .enum(['hidden', 'arp-flags'])
      .describe(
        'How real servers with it are kept from answering ARP for a VIP: `arp-flags`, by arp_ignore and arp_announce; ' +
          '`hidden`, by the patch’s flag.',
      ),
    ipvsadm: ownFile
      .optional()
      .describe('Source of ipvsadm, built against the tree. None by default: a package must serve.'),
  })
  .meta({ id: 'KernelProfileOptions', description: 'A kernel of your own that lvsctl may build.' });

export const hostSchema = z
  .strictObject({
    address: ipAddressWithPrefix.describe(
      'IPv4 or IPv6 address in the cluster’s network, with the prefix length of that network: ' +
        '`10.83.33.83/24`. Without a prefix length it is /24, for IPv6 /64.',
    ),
    os: z
      .enum(SYSTEMS)
      .optional()
      .describe(
        '`linux` (the default), or the system of a real server that lvsctl does not log in to: `lvsctl render` shows the ' +
          'commands for it, `lvsctl verify` proves them from outside. Neither a director nor a probe.',
      ),
    address6: ipAddressWithPrefix
      .optional()
      .describe(
        'IPv6 address beside an IPv4 `address`, with prefix length: `fd00:83::83/64` (/64 without one). Services whose VIP is IPv6 use it; ' +
          'lvsctl itself speaks to `address`.',
      ),
    // What a name may be depends on the system: see check-systems.ts.
    interface: z
      .string()
      .optional()
      .describe(
        'Network interface that holds this address, `eth0` by default; of a host that is not Linux, the usual one of its system ' +
          '(on Windows the connection’s name: `Ethernet`).',
      ),
    ssh: hostSsh.optional().describe('How this host is reached, where it differs from its groups.'),
    kernel: kernel.optional().describe('Whether this host’s kernel may be replaced.'),
    lab: lab.optional().describe('What this host’s twin in the lab is made of.'),
    vars: vars.optional().describe('Values of your own, for roles and templates of your own.'),
  })
  .meta({
    id: 'HostOptions',
    description: 'A host: a director, a real server, a client or another machine.',
  });

export const groupSchema = z
  .strictObject({
    hosts: names.describe('Names of the hosts in this group.'),
    ssh: ssh.optional().describe('How the hosts of this group are reached.'),
    interface: interfaceName.optional().describe('Network interface of the hosts of this group.'),
    kernel: kernel.optional().describe('Whether the kernels of these hosts may be replaced.'),
    lab: lab.optional().describe('What the twins of these hosts in the lab are made of.'),
    vars: vars.optional().describe('Values of your own for the hosts of this group.'),
  })
  .meta({
    id: 'GroupOptions',
    description:
      'Hosts with common settings. A host in several groups: the last group that says something wins.',
  });

const roles = z
  .strictObject({
    ftp: ftpParams.optional().describe('An anonymous, read-only FTP server on the real servers.'),
    content: contentParams.optional().describe('The same data on all real servers, copied from one host.'),
  })
  .meta({ id: 'RoleParams', description: 'Parameters of the roles that come with lvsctl.' });

/** The one schema of the inventory: types (types.ts), checks, docs and the JSON schema come from it. */
export const inventorySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, {
        error: 'must be 1 to 32 of a-z, 0-9 and "-", not beginning or ending with "-"',
      })
      .optional()
      .describe(
        'Name of the cluster: 1 to 32 of a-z, 0-9 and "-". By default that of the file, ' +
          'or of its folder where the file is called inventory.',
      ),
    ssh: ssh.optional().describe('How all hosts are reached, where groups and hosts say nothing else.'),
    interface: interfaceName
      .optional()
      .describe('Network interface in the cluster’s network on all hosts, `eth0` by default.'),
    kernel: kernel
      .optional()
      .describe('Whether kernels may be replaced, where groups and hosts say nothing else.'),
    lab: lab
      .optional()
      .describe('What the hosts’ twins in the lab are made of, where groups and hosts say nothing else.'),
    kernelProfiles: z
      .record(z.string(), kernelProfileSchema)
      .optional()
      .describe('Kernels of your own that hosts may be given, by name (`kernel.profile`).'),
    vars: vars.optional().describe('Values of your own for all hosts.'),
    hosts: z.record(z.string(), hostSchema).describe('All hosts, by name.'),
    groups: z.record(z.string(), groupSchema).optional().describe('Groups of hosts, by name.'),
    services: z.record(z.string(), serviceSchema).describe('The virtual services, by name.'),
    ipvs: ipvsSchema.optional().describe('Settings of IPVS on the directors, for all services.'),
    keepalived: keepalivedSchema
      .optional()
      .describe(
        'keepalived holds the VIPs, the tables and the checks. It runs wherever a service has several directors; with this key, ' +
          'even an empty one, on a single director too.',
      ),
    probes: names
      .optional()
      .describe(
        'Names of the clients that `lvsctl verify` connects from. Neither directors nor real servers.',
      ),
    roles: roles.optional().describe('Parameters of the roles that come with lvsctl.'),
    ownRoles: z
      .record(z.string(), z.record(z.string(), z.unknown()))
      .optional()
      .describe('Parameters of roles of your own, by role name; the role’s own schema checks them.'),
  })
  .meta({ id: 'Inventory', description: 'A cluster: its hosts, its services, and how to reach them.' });

export type InventoryInput = z.input<typeof inventorySchema>;
export type HostInput = z.output<typeof hostSchema>;
export type GroupInput = z.output<typeof groupSchema>;
export type KernelProfileInput = z.output<typeof kernelProfileSchema>;
export type ServiceInput = z.output<typeof serviceSchema>;
export type SshInput = z.output<typeof ssh>;
export type HostSshInput = z.output<typeof hostSsh>;

/** JSON schema (draft 2020-12) of what an inventory file exports. */
export function inventoryJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(inventorySchema, { io: 'input' }) };
}
