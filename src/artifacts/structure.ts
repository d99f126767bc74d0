import type { Artifact } from './artifact.js';

/** What a file must look like inside before it may be trusted without a digest. */
export type Structure = ArchiveStructure | DiffStructure;

/** Paths may have `*` within one name: tarballs differ in what they call their top folder. */
export interface ArchiveStructure {
  readonly kind: 'archive';
  /** Each must be matched by a member. */
  readonly members: readonly string[];
  readonly contents: readonly ContentCheck[];
}

/** What a member must say. */
export interface ContentCheck {
  /** Path pattern; the first member that it matches is looked at. */
  readonly member: string;
  readonly pattern: RegExp;
  /** For messages: `IP_VS_VERSION_CODE 0x010009`. */
  readonly what: string;
}

/** A unified diff, plain or compressed, for `patch -p1`. */
export interface DiffStructure {
  readonly kind: 'diff';
  /** Files that it must change. */
  readonly touches: readonly string[];
  /** Patterns of files that it may change as well; any other is refused. `**` stands for folders too. */
  readonly mayTouch: readonly string[];
  /** What its added lines must say somewhere. */
  readonly adds: readonly { readonly pattern: RegExp; readonly what: string }[];
}

/** By kind and version; undefined where nothing is known of the inside. */
export function structureOf({ kind, version }: Artifact): Structure | undefined {
  switch (kind) {
    case 'ipvs':
      return ipvsTarball(version);
    case 'hidden':
      return hiddenPatch;
    case 'linux':
      return linuxTarball(version);
    case 'ipvsadm':
      return { kind: 'archive', members: ['*/Makefile', '*/ipvsadm.c'], contents: [] };
    case 'linux-patch':
      return undefined;
  }
}

/** Layout of the 1.0 series: PLD Linux's kernel.spec, which unpacks it into a kernel tree. */
function ipvsTarball(version: string): Structure {
  const member = '*/ipvs/ip_vs.h';
  const code = `0x${version
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')}`;
  return {
    kind: 'archive',
    members: ['*/Makefile', '*/*.diff', member, '*/ipvs/ip_vs_core.c', '*/ipvs/linux_net_ipv4_ipvs_Makefile'],
    contents: [versionMacro(member, 'IP_VS_VERSION_CODE', code)],
  };
}

/** The files are those of the variant for 2.4.20, as posted to LKML on 5 Dec 2002; others of these folders are left to later variants. */
const hiddenPatch: Structure = {
  kind: 'diff',
  touches: ['include/linux/inetdevice.h', 'include/linux/sysctl.h', 'net/ipv4/arp.c', 'net/ipv4/devinet.c'],
  mayTouch: ['Documentation/**', 'include/linux/*.h', 'include/net/*.h', 'net/ipv4/*.c'],
  adds: [{ pattern: /\bhidden\b/, what: 'the flag "hidden"' }],
};

function linuxTarball(version: string): Structure {
  const [major = '', minor = '', patch = ''] = version.split(/[.-]/);
  const member = '*/Makefile';
  return {
    kind: 'archive',
    members: ['*/arch/i386/Makefile', '*/net/ipv4/arp.c', '*/scripts/Configure'],
    contents: [
      makeVariable(member, 'VERSION', major),
      makeVariable(member, 'PATCHLEVEL', minor),
      makeVariable(member, 'SUBLEVEL', patch),
    ],
  };
}

/** `#define NAME VALUE` in a member; hex digits in either case. */
function versionMacro(member: string, name: string, value: string): ContentCheck {
  const pattern = new RegExp(`^[ \\t]*#[ \\t]*define[ \\t]+${name}[ \\t]+${value}\\b`, 'im');
  return { member, pattern, what: `${name} ${value}` };
}

/** `NAME = VALUE` in a Makefile. */
function makeVariable(member: string, name: string, value: string): ContentCheck {
  const pattern = new RegExp(`^${name}[ \\t]*:?=[ \\t]*${value}[ \\t]*$`, 'm');
  return { member, pattern, what: `${name} = ${value}` };
}
