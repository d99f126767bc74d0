import { cmd } from '../shell/index.js';
import type { Duty, Edition, Rendering, Step } from './instructions.js';
import { sources } from './sources.js';
import { byHand, windowsCommands } from './steps.js';
import { HOST_MASK, quietly, undoGateway } from './unix.js';

const { barracuda, cisco, general, ibmWindows, weakHost } = sources;

/** What the loopback adapter is called by these instructions. */
const ADAPTER = 'loopback';

/** Since Vista and 2008 a host is strong by default: it takes packets only for addresses of the NIC that they come in by. */
export function windows(duty: Duty): Rendering {
  return {
    editions: [since2008(duty), until2003(duty)],
    ...quietly(
      duty,
      'Windows answers ARP only for addresses of the NIC that the question came in by, and no question comes in by the loopback adapter',
      general,
    ),
    cautions: [
      ...(duty.vips.length > 0
        ? [
            {
              text: `Windows Firewall keeps packets from the loopback adapter: let the service’s ports in on "${ADAPTER}" too`,
              sources: [barracuda],
            },
            {
              text: `the adapter has no default gateway and no DNS server, and does not register its address in DNS`,
              sources: [general],
            },
          ]
        : []),
      ...(duty.gateway === undefined
        ? []
        : [
            {
              text: `the command for the gateway sets the only address of "${duty.interface}": add further ones again`,
              sources: [general],
            },
          ]),
    ],
  };
}

function since2008(duty: Duty): Edition {
  const held = duty.vips.length > 0;
  return {
    name: 'Windows Server 2008 and later (netsh sees to the next boot too)',
    now: [
      ...adapter(duty, 'Microsoft KM-TEST Loopback Adapter (in 2008: Microsoft Loopback Adapter)'),
      ...duty.vips.map((vip) =>
        windowsCommands(
          `the VIP ${vip} on the loopback adapter`,
          [
            cmd`netsh interface ipv4 add address name=${ADAPTER} address=${vip} mask=${HOST_MASK} store=persistent`,
          ],
          ibmWindows,
        ),
      ),
      ...(held
        ? [
            windowsCommands(
              'a weak host, which takes packets for the VIP that come in by its NIC, and answers by it',
              [
                cmd`netsh interface ipv4 set interface interface=${duty.interface} weakhostreceive=enabled`,
                cmd`netsh interface ipv4 set interface interface=${ADAPTER} weakhostreceive=enabled weakhostsend=enabled`,
              ],
              weakHost,
            ),
            windowsCommands(
              'no route prefers the loopback adapter',
              [cmd`netsh interface ipv4 set interface interface=${ADAPTER} metric=254`],
              general,
            ),
          ]
        : []),
      ...gatewayBy(duty, 'ipv4'),
    ],
    atBoot: [],
    undo: [
      ...(held
        ? [
            windowsCommands(
              'now and at boot',
              [
                ...duty.vips.map(
                  (vip) => cmd`netsh interface ipv4 delete address name=${ADAPTER} address=${vip}`,
                ),
                cmd`netsh interface ipv4 set interface interface=${duty.interface} weakhostreceive=disabled`,
              ],
              general,
            ),
            byHand('the loopback adapter', ['uninstall it in the Device Manager']),
          ]
        : []),
      ...undoGateway(duty),
    ],
  };
}

function until2003(duty: Duty): Edition {
  const held = duty.vips.length > 0;
  return {
    name: 'Windows NT, 2000 and Server 2003 (what is set stays over a boot)',
    now: [
      ...adapter(duty, 'Microsoft Loopback Adapter (NT: MS Loopback Adapter)'),
      ...duty.vips.map((vip) =>
        windowsCommands(
          `the VIP ${vip} on the loopback adapter (Server 2003)`,
          [cmd`netsh interface ip add address name=${ADAPTER} addr=${vip} mask=${HOST_MASK}`],
          general,
        ),
      ),
      ...(held
        ? [
            byHand(
              'NT and 2000, which take no such mask',
              [
                `TCP/IP properties of "${ADAPTER}": ${duty.vips.join(', ')} with mask 255.0.0.0, no gateway`,
                'then delete the route of that whole network to the adapter, at every boot: `route print` shows it, `route delete` takes it out',
              ],
              cisco,
            ),
            byHand(
              'no route prefers the loopback adapter',
              [`TCP/IP properties of "${ADAPTER}", Advanced: interface metric 254`],
              weakHost,
            ),
          ]
        : []),
      ...gatewayBy(duty, 'ip'),
    ],
    atBoot: [],
    undo: [
      ...(held
        ? [
            windowsCommands(
              'now and at boot',
              duty.vips.map((vip) => cmd`netsh interface ip delete address name=${ADAPTER} addr=${vip}`),
              general,
            ),
            byHand('the loopback adapter', ['uninstall it in the Device Manager']),
          ]
        : []),
      ...undoGateway(duty),
    ],
  };
}

function adapter(duty: Duty, product: string): Step[] {
  if (duty.vips.length === 0) return [];
  return [
    byHand(
      'the loopback adapter',
      [
        `Device Manager, Add legacy hardware, Network adapters, Microsoft: ${product}`,
        `rename the new connection to ${ADAPTER}`,
      ],
      barracuda,
    ),
  ];
}

function gatewayBy({ gateway, interface: nic, address, netmask }: Duty, family: 'ip' | 'ipv4'): Step[] {
  if (gateway === undefined) return [];
  const line =
    family === 'ip'
      ? cmd`netsh interface ip set address name=${nic} source=static addr=${address} mask=${netmask} gateway=${gateway} gwmetric=1`
      : cmd`netsh interface ipv4 set address name=${nic} source=static address=${address} mask=${netmask} gateway=${gateway} gwmetric=1 store=persistent`;
  const purpose = `the director as default gateway, now and at boot${family === 'ip' ? ' (2000 and 2003; NT: in its TCP/IP properties)' : ''}`;
  return [windowsCommands(purpose, [line], general)];
}
