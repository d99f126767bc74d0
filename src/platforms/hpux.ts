import { sh } from '../shell/index.js';
import type { Duty, Rendering, Step } from './instructions.js';
import { sources } from './sources.js';
import { commands, fileLines } from './steps.js';
import { onLoopback, quietly, undoOf } from './unix.js';

const { general, hp, hpNames, ibm } = sources;
const NETCONF = '/etc/rc.config.d/netconf';

/** lo0:0 is the loopback address itself and can't be changed; secondary ones begin at lo0:1. */
export function hpux(duty: Duty): Rendering {
  const alias = (i: number) => `lo0:${i + 1}`;
  const atBoot: Step[] = [
    ...duty.vips.map((vip, i) =>
      fileLines(
        NETCONF,
        `${onLoopback(vip)} (indexes are numbered without a gap: take the next free one for [${i + 1}])`,
        [`INTERFACE_NAME[${i + 1}]=${alias(i)}`, `IP_ADDRESS[${i + 1}]=${vip}`],
        hp,
      ),
    ),
    ...gatewayLines(duty),
  ];
  const { gateway } = duty;
  const router =
    gateway === undefined
      ? []
      : [
          commands(
            'the director as default gateway, in place of another one (route delete default OLD)',
            [sh`route add default ${gateway} 1`],
            general,
          ),
        ];
  return {
    editions: [
      {
        name: 'HP-UX',
        now: [
          ...duty.vips.map((vip, i) =>
            commands(
              `${onLoopback(vip)} (where that alias is taken, the next free one)`,
              [sh`ifconfig ${alias(i)} ${vip} up`],
              ibm,
              hp,
            ),
          ),
          ...router,
        ],
        atBoot,
        undo: undoOf(
          duty,
          duty.vips.map((_, i) => sh`ifconfig ${alias(i)} inet 0.0.0.0`),
          atBoot,
          hpNames,
        ),
      },
    ],
    ...quietly(
      duty,
      'HP-UX takes packets for an address of lo0:N by any NIC, and the loopback interface has no ARP',
      hp,
      general,
    ),
    cautions:
      duty.vips.length === 0
        ? []
        : [
            {
              text: 'the documents give no netmask: look with netstat -rn that no route of a whole network leads through lo0; where one does, add `netmask 255.255.255.255` (and SUBNET_MASK to netconf)',
              sources: [ibm, general],
            },
          ],
  };
}

function gatewayLines({ gateway }: Duty): Step[] {
  if (gateway === undefined) return [];
  return [
    fileLines(
      NETCONF,
      'the director as default gateway (for [0] the index of the default route that is there)',
      [
        'ROUTE_DESTINATION[0]=default',
        'ROUTE_MASK[0]=""',
        `ROUTE_GATEWAY[0]=${gateway}`,
        'ROUTE_COUNT[0]=1',
        'ROUTE_ARGS[0]=""',
      ],
      general,
    ),
  ];
}
