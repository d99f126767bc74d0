import { defineRole } from '../../src/engine/role.js';
import { packages } from '../../src/resources/index.js';
import { noParams } from '../noParams.js';
import { arpingPackage } from './arping.js';

export default defineRole({
  name: 'probe',
  description: 'what verify needs on the clients that it connects from: arping',
  params: noParams,
  wants: { commands: ['arping'] },
  appliesTo: (host, cluster) => cluster.probes.includes(host.name),
  resources({ facts }) {
    // Whichever arping is there will do; busybox brings its own.
    if (facts.commands.has('arping')) return [];
    return [packages({ name: 'probe', packages: [arpingPackage], commands: ['arping'], facts })];
  },
});
