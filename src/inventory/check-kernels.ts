import { resolve } from 'node:path';
import { PROFILE_NAMES } from '../kernel/profile-names.js';
import { reportUnknownHost } from './check-hosts.js';
import type { OwnFile, OwnKernelProfile } from './cluster.js';
import type { Draft } from './draft.js';
import type { Path, Report } from './problem.js';
import type { KernelProfileInput } from './schema.js';
import { didYouMean } from './suggest.js';
import { expandHome, type Surroundings } from './surroundings.js';

const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const OPTION_NAME = /^[A-Z0-9][A-Za-z0-9_]{0,63}$/;

/** Kernels of the inventory's own, and who says which one is for whom. What is on the disk is looked at in {@link ownProfiles}. */
export function checkKernels(draft: Draft, report: Report): void {
  for (const [name, profile] of draft.kernelProfiles) {
    const path = ['kernelProfiles', name];
    if (!PROFILE_NAME.test(name))
      report(path, name, 'is not a safe profile name', 'use letters, digits, "-", "_" and ".", at most 32');
    else if (PROFILE_NAMES.includes(name))
      report(path, name, 'is a profile of lvsctl’s own', 'choose another name for yours');
    for (const option of Object.keys(profile?.options ?? {}))
      checkOption(option, [...path, 'options'], report);
  }
  const levels: [Path, Draft['kernel']][] = [[['kernel'], draft.kernel]];
  for (const [name, group] of draft.groups) levels.push([['groups', name, 'kernel'], group?.kernel]);
  for (const [name, host] of draft.hosts) levels.push([['hosts', name, 'kernel'], host?.kernel]);
  const known = [...PROFILE_NAMES, ...draft.kernelProfiles.keys()];
  for (const [path, kernel] of levels) {
    if (kernel?.profile !== undefined && !known.includes(kernel.profile))
      report(
        [...path, 'profile'],
        kernel.profile,
        'unknown kernel profile',
        didYouMean(kernel.profile, known, 'profiles'),
      );
    if (kernel?.buildHost !== undefined && !draft.hosts.has(kernel.buildHost))
      reportUnknownHost(kernel.buildHost, [...path, 'buildHost'], draft, report);
  }
}

function checkOption(name: string, path: Path, report: Report): void {
  if (name.startsWith('CONFIG_'))
    report([...path, name], name, 'has CONFIG_ before it', `write ${name.slice('CONFIG_'.length)}`);
  else if (!OPTION_NAME.test(name))
    report([...path, name], name, 'is not the name of a kernel’s option', 'write it as Kconfig does: IP_VS');
}

/** The inventory's kernels with absolute paths; files that are not there are reported. */
export function ownProfiles(
  draft: Draft,
  folder: string,
  { home, exists }: Surroundings,
  report: Report,
): Record<string, OwnKernelProfile> {
  const ownFile = ({ file, sha256 }: OwnFile, path: Path): OwnFile => {
    const absolute = resolve(folder, expandHome(file, home));
    if (!exists(absolute))
      report([...path, 'file'], file, `there is no file ${absolute}`, 'put it there, or correct the path');
    return { file: absolute, sha256 };
  };
  const profiles: Record<string, OwnKernelProfile> = {};
  for (const [name, input] of draft.kernelProfiles) {
    if (input) profiles[name] = ownProfile(input, ['kernelProfiles', name], ownFile);
  }
  return profiles;
}

function ownProfile(
  input: KernelProfileInput,
  path: Path,
  ownFile: (file: OwnFile, path: Path) => OwnFile,
): OwnKernelProfile {
  const {
    version,
    flavour,
    arch,
    base = 'running',
    options,
    image,
    arp,
    source,
    patches = [],
    ipvsadm,
  } = input;
  return {
    version,
    source: ownFile(source, [...path, 'source']),
    patches: patches.map((patch, index) => ownFile(patch, [...path, 'patches', index])),
    flavour,
    ...(arch !== undefined && { arch }),
    base,
    options,
    image,
    arp,
    ...(ipvsadm && { ipvsadm: ownFile(ipvsadm, [...path, 'ipvsadm']) }),
  };
}
