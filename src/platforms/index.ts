import type { Cluster } from '../inventory/cluster.js';
import type { ForeignHost, ForeignSystem } from '../inventory/systems.js';
import { titleOf } from '../inventory/systems.js';
import { aix } from './aix.js';
import { freebsd, netbsd, openbsd } from './bsd.js';
import { dutyCautions, dutyOf, tasksOf } from './duty.js';
import { hpux } from './hpux.js';
import type { Duty, Instructions, Rendering } from './instructions.js';
import { macos } from './macos.js';
import { solaris } from './solaris.js';
import { windows } from './windows.js';

export type { Edition, Instructions, Note, Source, Step } from './instructions.js';

const renderers: Readonly<Record<ForeignSystem, (duty: Duty) => Rendering>> = {
  freebsd,
  openbsd,
  netbsd,
  macos,
  solaris,
  aix,
  hpux,
  windows,
};

/** What has to be done on a host that lvsctl does not log in to, by its part in the cluster. Pure: nothing is contacted. */
export function instructionsFor(cluster: Cluster, host: ForeignHost): Instructions {
  const duty = dutyOf(cluster, host);
  const system = titleOf(host);
  const rendering = renderers[host.os](duty);
  const proven = [...new Set(duty.services.map(({ name }) => name))];
  return {
    host: host.name,
    address: host.address,
    os: host.os,
    system,
    tasks: tasksOf(cluster, host, duty),
    ...rendering,
    cautions: [
      ...dutyCautions(cluster, host, duty).map((text) => ({ text, sources: [] })),
      ...rendering.cautions,
    ],
    notRun: `these commands were not run on ${system} by those who wrote lvsctl, which does not log in there: read them before you run them`,
    proof: proven.length === 0 ? [] : [`lvsctl verify ${cluster.file} --service ${proven.join(',')}`],
  };
}
