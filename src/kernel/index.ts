export { ARP_FLAGS, type ArpFlag, hasArpFlag } from './arp-flags.js';
export type { ArtifactDigest, DigestAlgorithm, KernelArtifact } from './artifact.js';
export { ARTIFACTS, artifactNamed } from './artifacts.js';
export { type KernelBundle, kernelBundle } from './bundle.js';
export { configText } from './config-text.js';
export { type ArpDecision, type ArpOptions, decideArp } from './decide-arp.js';
export { decideIpvs, type IpvsDecision, type IpvsOptions } from './decide-ipvs.js';
export type { Alternative } from './decision.js';
export { explainHost, type HostExplanation } from './explain-host.js';
export { HIDDEN_PATCHES, type HiddenPatch, hiddenPatchFor } from './hidden.js';
export { IPVS_RELEASES, type IpvsRelease, ipvsReleaseFor, schedulersOf } from './ipvs-releases.js';
export { IPVSADM_RELEASES, type IpvsadmRelease, ipvsadmFor } from './ipvsadm.js';
export { ownArtifacts, ownFiles, ownProfile, profileNamed } from './own-profile.js';
export { DEFAULT_PROFILE, type KernelBuild, PROFILES, type RebuildProfile } from './profiles.js';
export { type RebuildVerdict, rebuildVerdict } from './rebuild.js';
export { type RunningKernel, runningKernel } from './running-kernel.js';
export { type VendorKernel, vendorKernel } from './vendor-kernels.js';
export {
  compareKernelVersions,
  inRange,
  type KernelOrigin,
  type KernelRange,
  type KernelVendor,
  type KernelVersion,
  madeFrom,
  parseKernelVersion,
} from './version.js';
export { buildHostOf, PUBLISHED, publishedConfig, rebuildHosts, wantedKernel } from './wanted.js';
