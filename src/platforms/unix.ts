import { type Sh, sh } from '../shell/index.js';
import type { Duty, Note, Source, Step } from './instructions.js';
import { sources } from './sources.js';
import { byHand, commands, fileLines } from './steps.js';

/** A VIP is a single address: with a wider mask the host would take its whole network for its own. */
export const HOST_MASK = '255.255.255.255';

/** The purpose of a step, for one VIP or several. */
export function onLoopback(...vips: readonly string[]): string {
  return `the VIP${vips.length > 1 ? 's' : ''} ${vips.join(', ')} on the loopback interface`;
}

export function gatewayNow({ gateway }: Duty): Step[] {
  if (gateway === undefined) return [];
  const purpose = 'the director as default gateway (`route add` where there is none yet)';
  return [commands(purpose, [sh`route change default ${gateway}`], sources.general)];
}

/** One line of a file, in place of the line that names another gateway. */
export function gatewayFile(
  { gateway }: Duty,
  file: string,
  line: (gateway: string) => string | Sh,
  source: Source = sources.general,
): Step[] {
  if (gateway === undefined) return [];
  return [
    fileLines(file, 'the director as default gateway, in place of another one', [line(gateway)], source),
  ];
}

/**
 * What takes everything back: commands, the files that got lines, and a word about the gateway, whose former value is not known here.
 * @param source of the commands
 */
export function undoOf(
  duty: Duty,
  live: readonly Sh[],
  atBoot: readonly Step[],
  source: Source = sources.general,
): Step[] {
  const files = [...new Set(atBoot.flatMap(({ file }) => file ?? []))];
  return [
    ...(live.length > 0 ? [commands('now', live, source)] : []),
    ...(files.length > 0 ? [byHand('at boot', [`take the lines above out of ${files.join(', ')}`])] : []),
    ...undoGateway(duty),
  ];
}

export function undoGateway({ gateway }: Duty): Step[] {
  if (gateway === undefined) return [];
  return [byHand('the default gateway', [`set it back from ${gateway} to the router that it was`])];
}

/** Why ARP stays quiet; nothing where there is nothing to be quiet about. */
export function quietly(duty: Duty, text: string, ...by: readonly Source[]): { readonly arp?: Note } {
  return duty.vips.length === 0 ? {} : { arp: { text, sources: by } };
}

export function tunnelCautions(duty: Duty): Note[] {
  if (duty.tunnels.length === 0) return [];
  return [
    {
      text: 'FreeBSD 5.4 and Solaris 10 were run as LVS-TUN real servers by others; the commands for the tunnel’s end are not taken from them',
      sources: [sources.lvsKb],
    },
    {
      text: 'the director puts the address into IPIP that its route to this host begins with: where that is another one than above, name it instead',
      sources: [sources.general],
    },
  ];
}
