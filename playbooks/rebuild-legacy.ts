import { kernel, kernelBuild, kernelSurvey } from '../roles/index.js';
import { definePlaybook, type Stage } from '../src/engine/playbook.js';

/** Where the inventory allows another kernel: who needs one, who builds it, who boots it. One host at a time, the directors last. */
export const kernelStages: readonly Stage[] = [
  { name: 'kernel survey', hosts: 'all', roles: [kernelSurvey] },
  { name: 'kernel build', hosts: 'all', roles: [kernelBuild] },
  {
    name: 'kernel',
    hosts: 'all',
    roles: [kernel],
    strategy: 'rolling',
    // A real server that is in service already is not rebooted under its clients.
    drain: {},
    order: ({ name }, { services }) => (services.some(({ directors }) => directors.includes(name)) ? 1 : 0),
  },
];

/** The kernels alone, without the rest of the site. */
export default definePlaybook({ name: 'rebuild-legacy', stages: kernelStages, verify: false });
