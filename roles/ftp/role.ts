import type { Facts } from '../../src/engine/facts.js';
import { defineRole } from '../../src/engine/role.js';
import type { Cluster, ClusterHost, Service } from '../../src/inventory/cluster.js';
import { PASSIVE_PORTS, serves } from '../../src/inventory/ports.js';
import { configuredService, directory, file, packages } from '../../src/resources/index.js';
import { template } from '../../src/shell/index.js';
import type { FtpParams } from './params.js';

/** Where vsftpd's unprivileged parts are locked up; distributions disagree on theirs, and vsftpd refuses to run without. */
const emptyFolder = '/var/lib/lvsctl/empty';

/** Of those who have one: Red Hat since 9, and Alpine. */
const configFolder = '/etc/vsftpd';

const renderConfig = template(import.meta.url, 'templates/vsftpd.conf.hbs');

export default defineRole({
  name: 'ftp',
  description: 'an anonymous, read-only FTP server (vsftpd) whose banner tells the real servers apart',
  // The schema and its library are loaded when the role is used.
  params: async () => (await import('./params.js')).ftpParams,
  wants: { paths: [configFolder] },
  appliesTo: (host, cluster) => cluster.roles.ftp !== undefined && ftpService(cluster, host) !== undefined,
  resources({ cluster, host, facts, params }) {
    const config = file({
      path: configPath(facts),
      content: vsftpdConfig(cluster, host, facts, params),
      mode: '0600',
      backup: true,
    });
    const vsftpd = configuredService({ name: 'vsftpd', facts, files: [config] });
    const install = packages({
      name: 'ftp',
      packages: [{ default: 'vsftpd' }],
      commands: ['vsftpd'],
      facts,
    });
    const folders = [
      directory({ path: params.anonymousRoot ?? '/srv/ftp' }),
      directory({ path: emptyFolder, mode: '0755' }),
    ];
    // Debian starts vsftpd as soon as it is installed, and its own configuration lets local users log in with
    // passwords in the clear. dpkg keeps a configuration that is there already; rpm would move it aside.
    return facts.packageManager === 'apt'
      ? [...folders, ...vsftpd.files, install, vsftpd.service]
      : [install, ...folders, ...vsftpd.files, vsftpd.service];
  },
});

/** The first FTP service that the host is a real server of. */
function ftpService(cluster: Cluster, host: ClusterHost): Service | undefined {
  return cluster.services.find(
    (service) =>
      service.protocol === 'tcp' &&
      service.realServers.some((one) => one.host === host.name && serves(service, one, 21)),
  );
}

/** Where it is not installed yet, the package manager tells; where it is (Red Hat 9, from its CDs), the folder does. */
function configPath(facts: Facts): string {
  const inFolder = ['dnf', 'yum', 'apk'].includes(facts.packageManager ?? '');
  return inFolder || (facts.packageManager === undefined && facts.paths.has(configFolder))
    ? `${configFolder}/vsftpd.conf`
    : '/etc/vsftpd.conf';
}

/** The filter came with vsftpd 3 and Linux 3.5; an older vsftpd refuses a configuration with a name that it does not know. */
function hasSeccomp(facts: Facts): boolean {
  const [major = 0, minor = 0] = facts.kernel.release.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 5);
}

export function vsftpdConfig(cluster: Cluster, host: ClusterHost, facts: Facts, params: FtpParams): string {
  const realServers = ftpService(cluster, host)?.realServers ?? [];
  const place = realServers.findIndex((one) => one.host === host.name) + 1;
  const [low, high] = (params.passivePorts ?? PASSIVE_PORTS).split('-');
  return renderConfig({
    banner: params.banner.replaceAll('{n}', String(place)),
    anonymousRoot: params.anonymousRoot ?? '/srv/ftp',
    emptyFolder,
    // OpenRC's script insists on it; elsewhere the distribution's default fits its own script or unit.
    background: facts.init === 'openrc',
    seccomp: hasSeccomp(facts),
    low,
    high,
  });
}
