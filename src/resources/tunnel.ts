import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh, shLines, trusted } from '../shell/index.js';
import { observedText } from './observed.js';

/** Asking ip(8) for the ports of fou would load the module, which a probe must not; where it is not loaded, it has none. */
const showPorts = trusted(`\
read -r release < /proc/sys/kernel/osrelease
if [ -d /sys/module/fou ] || ! grep '/fou\\.ko' "/lib/modules/$release/modules.dep" >/dev/null 2>&1; then ip fou show; fi`);

/** A UDP port on which the host takes GUE packets from everybody; what is in them goes the way of a packet of that protocol. */
export function guePort({ port, six }: { readonly port: number; readonly six: boolean }): Resource {
  const id = `gue port ${port}${six ? ' IPv6' : ''}`;
  return {
    id,
    probe: showPorts,
    plan(observed): Change | undefined {
      const lines = observedText(id, observed).split('\n');
      const ports = lines
        .map((line) => line.trim())
        .filter((line) => new RegExp(`^port ${port}\\b`).test(line));
      const here = ports.filter((line) => / -6\b/.test(line) === six);
      if (here.some((line) => / gue\b/.test(line))) return undefined;
      if (here.length > 0)
        throw new LvsctlError(`UDP port ${port} unwraps something else already: ${here.join('; ')}`, {
          resource: id,
          hint: `choose another \`tunnel.port\`, or free it: ip fou del port ${port}`,
        });
      return {
        summary: `take GUE packets on UDP port ${port}${six ? ' (IPv6)' : ''}`,
        apply: sh`ip fou add port ${port} gue ${six ? ['-6'] : []}`,
      };
    },
  };
}

/** The kernel's ip6tnl0, which takes nothing but IPv6 in IPv6 until it is told (Linux from 4.0). */
export function tunnelOfAnyProtocol(device: string, createdBy: string): Resource {
  const id = `protocols of ${device}`;
  return {
    id,
    probe: sh`if [ -d ${`/sys/class/net/${device}`} ]; then ip -6 tunnel show ${device}; else echo missing; fi`,
    plan(observed, context): Change | undefined {
      const text = observedText(id, observed).trim();
      if (text === 'missing' && !context.changing.has(createdBy))
        throw new LvsctlError(`there is no ${device}`, {
          resource: id,
          hint: `load its module: ${createdBy}`,
        });
      if (text.startsWith(`${device}: any/`)) return undefined;
      return {
        summary: `let ${device} take IPv4 too`,
        apply: sh`ip -6 tunnel change ${device} mode any`,
      };
    },
  };
}

export interface GreOptions {
  readonly device: string;
  /** The host's address that packets are wrapped to. */
  readonly local: string;
}

/** Arguments of ip(8) that add it. */
export function greWithChecksumWords({ device, local }: GreOptions): string[] {
  const type = local.includes(':') ? 'ip6gre' : 'gre';
  return ['link', 'add', device, 'type', type, 'local', local, 'icsum'];
}

/** A GRE device for packets with checksums: a tunnel takes either these or those without, and gre0 can't be told. */
export function greWithChecksum({ device, local }: GreOptions): Resource {
  const id = `tunnel ${device}`;
  const add = sh`ip ${greWithChecksumWords({ device, local })}`;
  return {
    id,
    probe: sh`if [ -d ${`/sys/class/net/${device}`} ]; then ip -d link show ${device}; fi`,
    plan(observed): Change | undefined {
      const words = observedText(id, observed).split(/\s+/);
      const there = words.length > 1;
      const right = words[words.indexOf('local') + 1] === local && words.includes('icsum');
      if (there && right) return undefined;
      return {
        summary: `${there ? 'make' : 'add'} ${device} a GRE tunnel to ${local} that checks checksums`,
        apply: shLines(there && sh`ip link del ${device}`, add),
      };
    },
  };
}
