import { defineRole } from '../../src/engine/role.js';
import { LvsctlError } from '../../src/errors.js';
import { kernelModule, modulesAtBoot, packages } from '../../src/resources/index.js';
import { noParams } from '../noParams.js';
import { directorVips } from '../vips.js';
import { directorModules } from './modules.js';

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
      packages({ name: 'ipvsadm', packages: [{ default: 'ipvsadm' }], facts }),
      ...modules.map((module) => kernelModule(module)),
      modulesAtBoot('ipvsadm', modules, facts),
    ];
  },
});
