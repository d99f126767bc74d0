import type { Resource } from '../../src/engine/resource.js';
import { defineRole, type RoleInput } from '../../src/engine/role.js';
import {
  buildHostOf,
  type KernelBundle,
  publishedConfig,
  rebuildHosts,
  wantedKernel,
} from '../../src/kernel/index.js';
import { type NoParams, noParams } from '../noParams.js';
import { type Build, buildOf } from './builder/build.js';
import { bundleResource } from './builder/bundle.js';
import { compileSteps, ipvsadmSteps, stageStep } from './builder/compile.js';
import { configStep } from './builder/configure.js';
import { patchSteps } from './builder/patch.js';
import { buildTools, requirements } from './builder/requirements.js';
import { linkResource, unpackStep } from './builder/source.js';
import { stepId, stepResource } from './builder/step.js';
import { uploads } from './builder/upload.js';

export default defineRole({
  name: 'kernelBuild',
  description: 'builds the kernels that hosts want, each once, as bundles that are kept on this machine',
  params: noParams,
  wants: { commands: ['depmod'] },
  appliesTo: (host, cluster) =>
    rebuildHosts(cluster).some((each) => buildHostOf(cluster, each)?.name === host.name),
  resources(input) {
    const { facts, stored } = input;
    const builds = wanted(input).map(({ build }) => build);
    const now = () => Date.now() / 1000;
    return [
      ...buildTools(builds, facts),
      ...builds.map((build) => requirements(build, facts, now)),
      ...uploads(builds),
      ...builds.flatMap((build, index) => buildResources(build, builds.slice(0, index), stored)),
    ];
  },
  // What is needed is named by the survey, for each host that is to run it; here it is only used.
  artifacts: () => [],
  remarks: (input) =>
    wanted(input).map(({ build, hosts }) => `Linux ${build.release} is built here, for ${hosts.join(', ')}`),
});

interface Wanted {
  readonly build: Build;
  readonly hosts: readonly string[];
}

/** Kernels that this host builds and this machine does not have yet. Hosts with equal inputs share one. */
function wanted(input: RoleInput<NoParams>): Wanted[] {
  const { cluster, host, published, stored, facts } = input;
  const found = new Map<string, { readonly bundle: KernelBundle; readonly hosts: string[] }>();
  for (const node of rebuildHosts(cluster)) {
    if (buildHostOf(cluster, node)?.name !== host.name) continue;
    const bundle = wantedKernel(node, input);
    if (!bundle || stored.has(bundle.name)) continue;
    const known = found.get(bundle.name);
    if (known) known.hosts.push(node.name);
    else found.set(bundle.name, { bundle, hosts: [node.name] });
  }
  return [...found.values()].map(({ bundle, hosts }) => {
    // All of them have the same.
    const config = publishedConfig(published.get(hosts[0] ?? '')) ?? '';
    const directed = cluster.services.filter(({ directors }) =>
      directors.some((name) => hosts.includes(name)),
    );
    const schedulers = [...new Set(directed.map(({ scheduler }) => scheduler))];
    return { build: buildOf(bundle, config, stored, facts.processors, schedulers), hosts };
  });
}

function buildResources(
  build: Build,
  others: readonly Build[],
  stored: RoleInput<NoParams>['stored'],
): Resource[] {
  const unpack = unpackStep(build);
  const later = [
    ...patchSteps(build),
    configStep(build),
    ...compileSteps(build),
    stageStep(build),
    ...ipvsadmSteps(build),
  ];
  const ids = [unpack, ...later].map(({ name }) => stepId(build, name));
  return [
    stepResource(build, unpack, []),
    linkResource(build, others, ids.slice(0, 1)),
    ...later.map((step, index) => stepResource(build, step, ids.slice(0, index + 1))),
    bundleResource(build, stored),
  ];
}
