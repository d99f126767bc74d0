import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { defineRole } from '../../src/engine/role.js';
import { LvsctlError } from '../../src/errors.js';
import type { ClusterHost } from '../../src/inventory/cluster.js';
import { kernelModule, modulesAtBoot, packages } from '../../src/resources/index.js';
import { noParams } from '../noParams.js';
import { directorVips } from '../vips.js';
import { banner, bannerMatters } from './banner.js';
import { ipvsadmOfKernel, ownProgram } from './from-kernel.js';
import { directorModules, withoutModule } from './modules.js';
import { mayBuildIpvsadm } from './source.js';

export default defineRole({
  name: 'ipvsadm',
  description: 'installs ipvsadm and loads ip_vs with the schedulers in use, now and at boot',
  params: noParams,
  wants: { commands: ['ipvsadm', 'modprobe'], paths: ['/etc/modules'] },
  appliesTo: (host, cluster) => directorVips(cluster, host).length > 0,
  resources({ cluster, host, facts }) {
    if (!facts.ipvs.available)
      throw new LvsctlError(`Linux ${facts.kernel.release} has no IPVS (module ip_vs)`, {
        hint: 'install the distribution’s full kernel (cloud kernels leave it out), or rebuild the kernel with IPVS, and reboot',
      });
    const modules = directorModules(cluster, host);
    return [
      ...program(host, facts),
      ...modules.map((module) => kernelModule(module, withoutModule(module, cluster, host))),
      modulesAtBoot('ipvsadm', modules, facts),
      ...(bannerMatters(facts) ? [banner(facts)] : []),
    ];
  },
});

/** From the bundle of a kernel that lvsctl built; else by a package; else, on hosts of the 2.4 era, built there by the role ipvsadmSource. */
function program(host: ClusterHost, facts: Facts): Resource[] {
  const known = facts.packageManager !== undefined;
  const fromPackage = packages({
    name: 'ipvsadm',
    packages: [{ default: 'ipvsadm' }],
    facts,
    ...(!known && { commands: ['ipvsadm'] }),
  });
  const folder = ownProgram(facts);
  if (folder !== undefined) return [ipvsadmOfKernel(folder, facts, known ? fromPackage : undefined)];
  return known || !mayBuildIpvsadm(host) ? [fromPackage] : [];
}
