import { type Sh, sh } from '../shell/index.js';
import type { Duty, Rendering, Step } from './instructions.js';
import { sources } from './sources.js';
import { commands, fileLines } from './steps.js';
import { gatewayFile, gatewayNow, HOST_MASK, onLoopback, quietly, tunnelCautions, undoOf } from './unix.js';

const { general, howto } = sources;
const QUIET =
  'a BSD answers ARP only for addresses of the interface that the question came in by, not for those of lo0';

export function freebsd(duty: Duty): Rendering {
  const vips = duty.vips.map((vip) =>
    commands(onLoopback(vip), [sh`ifconfig lo0 alias ${vip} netmask 0xffffffff -arp up`], howto),
  );
  const atBoot: Step[] = [];
  if (duty.vips.length > 0)
    atBoot.push(
      fileLines(
        '/etc/rc.conf',
        `${onLoopback(...duty.vips)} (aliases are numbered without a gap: go on from those that are there)`,
        duty.vips.map((vip, i) => sh`${`ifconfig_lo0_alias${i}`}=${`inet ${vip} netmask ${HOST_MASK}`}`),
        general,
      ),
    );
  if (duty.tunnels.length > 0)
    atBoot.push(
      fileLines(
        '/etc/rc.conf',
        'the ends of the tunnels (where cloned_interfaces is set already, add the names to it)',
        [
          sh`cloned_interfaces=${duty.tunnels.map((_, i) => `gif${i}`).join(' ')}`,
          ...duty.tunnels.map(
            (director, i) => sh`${`ifconfig_gif${i}`}=${`tunnel ${duty.address} ${director} up`}`,
          ),
        ],
        general,
      ),
    );
  atBoot.push(...gatewayFile(duty, '/etc/rc.conf', (gateway) => sh`defaultrouter=${gateway}`));
  const tried = { text: 'its author tried the command for the VIP on FreeBSD 3.2', sources: [howto] };
  return {
    editions: [
      {
        name: 'FreeBSD',
        now: [...vips, ...tunnelEnds(duty), ...gatewayNow(duty)],
        atBoot,
        undo: undoOf(duty, takeBack(duty), atBoot),
      },
    ],
    ...quietly(duty, `${QUIET}; -arp takes ARP from lo0 itself`, howto, general),
    cautions: [...(duty.vips.length > 0 ? [tried] : []), ...tunnelCautions(duty)],
  };
}

export function openbsd(duty: Duty): Rendering {
  const atBoot = [
    ...loopbackFile(duty, '/etc/hostname.lo0', (vip) => `inet alias ${vip} ${HOST_MASK}`, sources.openbsd),
    ...tunnelFiles(duty, 'hostname', []),
    ...gatewayFile(duty, '/etc/mygate', (gateway) => gateway),
  ];
  return likeBsd('OpenBSD', duty, atBoot);
}

export function netbsd(duty: Duty): Rendering {
  const atBoot = [
    ...loopbackFile(duty, '/etc/ifaliases', (vip) => `${vip} lo0 ${HOST_MASK}`, sources.netbsd),
    ...tunnelFiles(duty, 'ifconfig', ['create']),
    ...gatewayFile(duty, '/etc/mygate', (gateway) => gateway),
  ];
  return likeBsd('NetBSD', duty, atBoot);
}

function likeBsd(name: string, duty: Duty, atBoot: readonly Step[]): Rendering {
  return {
    editions: [
      {
        name,
        now: [...aliases(duty), ...tunnelEnds(duty), ...gatewayNow(duty)],
        atBoot,
        undo: undoOf(duty, takeBack(duty), atBoot),
      },
    ],
    ...quietly(duty, QUIET, general),
    cautions: tunnelCautions(duty),
  };
}

/** `ifconfig lo0 alias`, as all BSDs and macOS know it. */
export function aliases(duty: Duty): Step[] {
  return duty.vips.map((vip) => commands(onLoopback(vip), [aliasCommand(vip)], general));
}

export const aliasCommand = (vip: string): Sh => sh`ifconfig lo0 alias ${vip} netmask ${HOST_MASK}`;

/** gif(4) takes packets only from the director that it is told. */
export function tunnelEnds(duty: Duty): Step[] {
  return duty.tunnels.map((director, i) =>
    commands(`the end of the tunnel from ${director}`, tunnelCommands(duty, director, i), general),
  );
}

export function tunnelCommands({ address }: Duty, director: string, i: number): Sh[] {
  return [sh`ifconfig ${`gif${i}`} create`, sh`ifconfig ${`gif${i}`} tunnel ${address} ${director} up`];
}

export function takeBack(duty: Duty): Sh[] {
  return [
    ...duty.vips.map((vip) => sh`ifconfig lo0 -alias ${vip}`),
    ...duty.tunnels.map((_, i) => sh`ifconfig ${`gif${i}`} destroy`),
  ];
}

function loopbackFile(
  { vips }: Duty,
  file: string,
  line: (vip: string) => string,
  source: (typeof sources)[keyof typeof sources],
): Step[] {
  return vips.length === 0 ? [] : [fileLines(file, onLoopback(...vips), vips.map(line), source)];
}

function tunnelFiles({ address, tunnels }: Duty, stem: string, first: readonly string[]): Step[] {
  return tunnels.map((director, i) =>
    fileLines(
      `/etc/${stem}.gif${i}`,
      `the end of the tunnel from ${director}`,
      [...first, `tunnel ${address} ${director}`, 'up'],
      general,
    ),
  );
}
