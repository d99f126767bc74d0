import { type Sh, sh } from '../shell/index.js';
import { aliasCommand, aliases, takeBack, tunnelCommands, tunnelEnds } from './bsd.js';
import type { Duty, Rendering, Step } from './instructions.js';
import { sources } from './sources.js';
import { byHand, commands, fileLines } from './steps.js';
import { gatewayNow, onLoopback, quietly, tunnelCautions, undoOf } from './unix.js';

const { general } = sources;
const LABEL = 'org.lvsctl.realserver';
const PLIST = `/Library/LaunchDaemons/${LABEL}.plist`;

export function macos(duty: Duty): Rendering {
  const atBoot = [...atStart(duty), ...gatewaySetting(duty)];
  return {
    editions: [
      {
        name: 'macOS',
        now: [...aliases(duty), ...tunnelEnds(duty), ...gatewayNow(duty)],
        atBoot,
        undo: undoOf(duty, takeBack(duty), []).concat(
          atBoot.some(({ file }) => file === PLIST)
            ? [commands('at boot', [sh`launchctl unload ${PLIST}`, sh`rm ${PLIST}`], general)]
            : [],
        ),
      },
    ],
    ...quietly(
      duty,
      'macOS, as the BSDs, answers ARP only for addresses of the interface that the question came in by, not for those of lo0',
      general,
    ),
    cautions: tunnelCautions(duty),
  };
}

/** launchd runs one command when the system starts; several become one for its shell. */
function atStart(duty: Duty): Step[] {
  const live: Sh[] = [
    ...duty.vips.map(aliasCommand),
    ...duty.tunnels.flatMap((director, i) => tunnelCommands(duty, director, i)),
  ];
  if (live.length === 0) return [];
  const script = live.map(String).join('; ');
  const purpose = [
    ...(duty.vips.length > 0 ? [onLoopback(...duty.vips)] : []),
    ...(duty.tunnels.length > 0 ? ['the ends of the tunnels'] : []),
  ].join(', ');
  return [
    fileLines(
      PLIST,
      `${purpose} (the whole file; owner root, mode 0644)`,
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
        '<plist version="1.0">',
        '<dict>',
        `  <key>Label</key><string>${LABEL}</string>`,
        '  <key>ProgramArguments</key>',
        `  <array><string>/bin/sh</string><string>-c</string><string>${xml(script)}</string></array>`,
        '  <key>RunAtLoad</key><true/>',
        '</dict>',
        '</plist>',
      ],
      general,
    ),
  ];
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** networksetup wants the name of a network service, which is not the NIC's. */
function gatewaySetting({ gateway, address, netmask }: Duty): Step[] {
  if (gateway === undefined) return [];
  return [
    byHand(
      'the director as default gateway',
      [
        `in the network settings of the service: configure manually, address ${address}, subnet mask ${netmask}, router ${gateway}`,
      ],
      general,
    ),
  ];
}
