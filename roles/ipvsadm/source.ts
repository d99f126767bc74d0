import type { Facts } from '../../src/engine/facts.js';
import type { Change, Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import type { StoredFile } from '../../src/engine/store.js';
import { LvsctlError } from '../../src/errors.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import { type IpvsadmRelease, ipvsadmFor, runningKernel } from '../../src/kernel/index.js';
import { observedText } from '../../src/resources/observed.js';
import { sh, shLines } from '../../src/shell/index.js';
import { prelude, SOURCES, unpacking } from '../kernel/builder/build.js';
import { buildIpvsadm } from '../kernel/builder/compile.js';
import { noParams } from '../noParams.js';
import { directorVips } from '../vips.js';
import { installPrograms, ownProgram } from './from-kernel.js';

const HEADERS = {
  tree: '/usr/src/linux/include/net/ip_vs.h',
  libnl1: '/usr/include/netlink/netlink.h',
  libnl3: '/usr/include/libnl3/netlink/netlink.h',
  popt: '/usr/include/popt.h',
} as const;

/** Hosts of a time without package mirrors: the inventory says so by how they are reached, or by speaking of their kernel. */
export function mayBuildIpvsadm({ kernel, ssh }: ClusterHost): boolean {
  return kernel !== undefined || ssh.algorithms === 'legacy';
}

/** No package manager, and nobody has put one there. */
const needed = ({ packageManager, commands, ipvs }: Facts): boolean =>
  packageManager === undefined && !commands.has('ipvsadm') && ipvs.available;

export default defineRole({
  name: 'ipvsadmSource',
  description: 'builds ipvsadm on a director of the 2.4 era that has neither it nor a package manager',
  params: noParams,
  wants: { commands: ['gcc', 'make', 'pkg-config'], paths: Object.values(HEADERS) },
  appliesTo: (host, cluster) => mayBuildIpvsadm(host) && directorVips(cluster, host).length > 0,
  artifacts: ({ facts }) => {
    const release = needed(facts) && !ownProgram(facts) ? fitting(facts) : undefined;
    return release ? [release.artifact] : [];
  },
  resources({ facts, stored }) {
    if (!needed(facts)) return [];
    return [ipvsadmFromSource(facts, stored)];
  },
});

/** The best release for the kernel that the libraries there allow. */
function fitting(facts: Facts): IpvsadmRelease | undefined {
  const { version } = runningKernel(facts);
  const releases = version ? ipvsadmFor(version) : [];
  const has = ({ libnl }: IpvsadmRelease) =>
    libnl === undefined || facts.paths.has(libnl === 3 ? HEADERS.libnl3 : HEADERS.libnl1);
  return releases.find(has) ?? releases[0];
}

/** What stands against building it there. */
function obstacle(release: IpvsadmRelease, { commands, paths, kernel }: Facts): LvsctlError | undefined {
  const refuse = (message: string, hint: string) => new LvsctlError(message, { resource: ID, hint });
  const tools = ['gcc', 'make'].filter((tool) => !commands.has(tool));
  if (tools.length > 0)
    return refuse(
      `there is no ipvsadm and no package manager, and ${tools.join(' and ')}, which would build it, ${tools.length > 1 ? 'are' : 'is'} not there`,
      'install ipvsadm by hand, or what builds it',
    );
  if (release.libnl === undefined) {
    if (paths.has(HEADERS.tree)) return undefined;
    return refuse(
      `ipvsadm ${release.version} is built against the source of the kernel that runs, and ${HEADERS.tree} is not there`,
      `link /usr/src/linux to the source of Linux ${kernel.release} as it was built, with IPVS in it; or install ipvsadm by hand`,
    );
  }
  const libraries = [
    ...(paths.has(release.libnl === 3 ? HEADERS.libnl3 : HEADERS.libnl1) ? [] : [`libnl ${release.libnl}`]),
    ...(paths.has(HEADERS.popt) ? [] : ['popt']),
  ];
  if (libraries.length === 0) return undefined;
  return refuse(
    `ipvsadm ${release.version} needs ${libraries.join(' and ')}, whose headers are not in /usr/include`,
    'install them with their headers, or ipvsadm itself, by hand',
  );
}

const ID = 'ipvsadm from source';

/** Built against the kernel's tree (2.4, early 2.6) or the system's libraries, and put into /sbin. */
function ipvsadmFromSource(facts: Facts, stored: ReadonlyMap<string, StoredFile>): Resource {
  const own = ownProgram(facts);
  const release = fitting(facts);
  return {
    id: ID,
    // What came with the kernel is installed by the role ipvsadm.
    probe: shLines(
      own !== undefined && sh`if [ -x ${own}/ipvsadm ]; then echo there; exit 0; fi`,
      sh`if command -v ipvsadm > /dev/null 2>&1; then echo there; fi; :`,
    ),
    plan(observed): Change | undefined {
      if (observedText(ID, observed).trim() === 'there') return undefined;
      if (!release)
        throw new LvsctlError(`no ipvsadm is known for Linux ${facts.kernel.release}`, {
          resource: ID,
          hint: 'install one by hand',
        });
      const problem = obstacle(release, facts);
      if (problem) throw problem;
      if (own !== undefined && !stored.has(release.artifact))
        throw new LvsctlError(`no ipvsadm came with Linux ${facts.kernel.release}`, {
          resource: ID,
          hint: `run \`lvsctl artifacts fetch ${release.artifact}\`, then lvsctl again: it builds one there`,
        });
      const folder = `${SOURCES}/${release.artifact}`;
      return {
        summary: `build ipvsadm ${release.version} for Linux ${facts.kernel.release}, and install it into /sbin`,
        files: { source: { stored: release.artifact } },
        apply: shLines(
          prelude,
          unpacking,
          sh`source=$LVSCTL_FILES/source`,
          buildIpvsadm(folder, sh`"$source"`),
          installPrograms(`${folder}/made/sbin`),
          sh`cd /; rm -rf ${folder}`,
        ),
      };
    },
  };
}
