export { ARP_FLAGS, type ArpFlag, hasArpFlag } from './arp-flags.js';
export {
  type Artifact,
  type ArtifactVariant,
  type DigestAlgorithm,
  digestsWanted,
  type FileState,
  isUnproven,
  matchingVariant,
} from './artifact.js';
export { ARTIFACTS, artifact } from './artifacts.js';
export { HIDDEN_PATCHES, type HiddenPatch, hiddenPatchFor } from './hidden.js';
export { IPVS_RELEASES, type IpvsRelease, ipvsReleaseFor, schedulersOf } from './ipvs-releases.js';
export { IPVSADM_RELEASES, type IpvsadmRelease, ipvsadmFor } from './ipvsadm.js';
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
