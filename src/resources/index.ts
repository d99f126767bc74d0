export { absent } from './absent.js';
export { type AccountOptions, account } from './account.js';
export { type AddressOptions, address, interfaceLabel, netmask } from './address.js';
export { type Announcement, announceAddress } from './announce.js';
export { arpRules, type QuietAddress } from './arpRules.js';
export { type BlockOptions, block } from './block.js';
export { type BootScriptOptions, bootScript, enabledUnit } from './bootScript.js';
export { type ConfiguredServiceOptions, configuredService, forgettingStamp } from './configuredService.js';
export { type DefaultRouteOptions, defaultRoute, METRIC_V6 } from './defaultRoute.js';
export { type DirectoryOptions, directory } from './directory.js';
export { type FileOptions, file } from './file.js';
export { type ChainContent, chainContent, legacyPrograms, ownChain, ownTable } from './filterRules.js';
export { type HostRouteOptions, hostRoute } from './hostRoute.js';
export { type IpvsTableOptions, ipvsTable, readTable, tableProbe } from './ipvs.js';
export { applyOperations } from './ipvsApply.js';
export { ipvsTimeouts, type SyncDaemons, syncDaemons } from './ipvsSettings.js';
export {
  type KeepalivedConfOptions,
  keepalivedConf,
  steadyKeepalived,
  stopSyncDaemons,
} from './keepalivedConf.js';
export { type KeepalivedGoneOptions, keepalivedDropIn, keepalivedGone } from './keepalivedGone.js';
export { keepalivedLeft } from './keepalivedLeft.js';
export { type KeepalivedSyncOptions, keepalivedSync } from './keepalivedSync.js';
export { type KeepalivedWeight, keepalivedWeights } from './keepalivedWeights.js';
export { kernelModule } from './kernelModule.js';
export { type LinkUpOptions, linkUp } from './linkUp.js';
export {
  iptablesWords,
  MARKS_CHAIN,
  type MarkRule,
  nftTable,
  single as singleMarkRules,
} from './markRules.js';
export { type MasqueradeOptions, masquerade } from './masquerade.js';
export {
  iptablesNatWords,
  type Masquerade,
  NAT_CHAIN,
  nftNatRules,
  nftNatTable,
} from './masqueradeRules.js';
export { modulesAtBoot } from './modulesAtBoot.js';
export { type MssClampOptions, mssClamp, mssProbe, presentMss } from './mssClamp.js';
export { iptablesMssWords, MSS_CHAIN, type MssRule, nftMssTable } from './mssRules.js';
export { noAddress } from './noAddress.js';
export { oneLine } from './oneLine.js';
export { type PackageManager, type PackageNames, packages } from './packages.js';
export { newPacketMarks, type PacketMarksOptions, packetMarks } from './packetMarks.js';
export { type PersistentSysctlOptions, persistentSysctl } from './persistentSysctl.js';
export { recordedWeights, recordMark, recordProbe, requireRecord, writeRecord } from './recordedWeights.js';
export { type Redirection, redirectRules } from './redirectRules.js';
export { type ServiceOptions, service, stampOf } from './service.js';
export { interfaceKey, type SysctlOptions, type SysctlSetting, sysctl, sysctlName } from './sysctl.js';
export {
  type GreOptions,
  greWithChecksum,
  greWithChecksumWords,
  guePort,
  tunnelOfAnyProtocol,
} from './tunnel.js';
