import type { Cluster, OwnFile, OwnKernelProfile } from '../inventory/cluster.js';
import { PROFILES, type RebuildProfile } from './profiles.js';

/** What a rebuild may come to, by name: lvsctl's own, and those of the inventory. */
export type ProfileSource = Pick<Cluster, 'kernelProfiles'>;

/** The files of a profile of the inventory, as the controller's store has them: `NAME:source`, `NAME:patch-1`, … */
export function ownFiles(
  name: string,
  { source, patches, ipvsadm }: OwnKernelProfile,
): ReadonlyMap<string, OwnFile> {
  return new Map([
    [`${name}:source`, source],
    ...patches.map((patch, index) => [`${name}:patch-${index + 1}`, patch] as const),
    ...(ipvsadm ? [[`${name}:ipvsadm`, ipvsadm] as const] : []),
  ]);
}

export const ownArtifacts = (name: string, own: OwnKernelProfile): string[] => [
  ...ownFiles(name, own).keys(),
];

/** A kernel of the inventory's own, as the decisions and the builder see it. What it brings is not judged. */
export function ownProfile(name: string, own: OwnKernelProfile): RebuildProfile {
  const { version, flavour, arch, base, options, image, arp, patches } = own;
  const patched =
    patches.length > 0 ? `, ${patches.length === 1 ? 'a patch' : `${patches.length} patches`}` : '';
  return {
    id: name,
    own: true,
    title: `Linux ${version} of the inventory`,
    kernel: version,
    ipvs: undefined,
    ipvsadm: own.ipvsadm ? 'of the inventory' : undefined,
    arp,
    artifacts: ownArtifacts(name, own),
    build: { flavour, base, options, image, ...(arch !== undefined && { arch }) },
    advantages: [`it is the inventory's own (kernelProfiles.${name}: ${own.source.file}${patched})`],
    drawbacks: ['what is in it is not known to lvsctl: it is proven after the first boot'],
    sources: ['the inventory'],
  };
}

/** Undefined for a name that is nobody's. */
export function profileNamed(
  name: string,
  { kernelProfiles = {} }: ProfileSource = {},
): RebuildProfile | undefined {
  const own = Object.hasOwn(kernelProfiles, name) ? kernelProfiles[name] : undefined;
  if (own) return ownProfile(name, own);
  return Object.values(PROFILES).find(({ id }) => id === name);
}
