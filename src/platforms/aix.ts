import { sh } from '../shell/index.js';
import type { Duty, Rendering } from './instructions.js';
import { sources } from './sources.js';
import { commands, fileLines } from './steps.js';
import { HOST_MASK, onLoopback, quietly, undoOf } from './unix.js';

const { general, ibm, ibmCommerce } = sources;

export function aix(duty: Duty): Rendering {
  const alias = (vip: string) => sh`ifconfig lo0 alias ${vip} netmask ${HOST_MASK}`;
  const atBoot =
    duty.vips.length === 0
      ? []
      : [
          fileLines(
            '/etc/rc.net',
            `${onLoopback(...duty.vips)} (at the end of the file)`,
            duty.vips.map((vip) => sh`/usr/sbin/${alias(vip)}`),
            ibmCommerce,
          ),
        ];
  const { gateway } = duty;
  const router =
    gateway === undefined
      ? []
      : [
          commands(
            'the director as default gateway, now and at boot (take another one out: lsattr -El inet0 -a route)',
            [sh`chdev -l inet0 -a ${`route=net,-hopcount,0,,0,${gateway}`}`],
            general,
          ),
        ];
  return {
    editions: [
      {
        name: 'AIX',
        now: [...duty.vips.map((vip) => commands(onLoopback(vip), [alias(vip)], ibm)), ...router],
        atBoot,
        undo: undoOf(
          duty,
          duty.vips.map((vip) => sh`ifconfig lo0 delete ${vip}`),
          atBoot,
        ),
      },
    ],
    ...quietly(
      duty,
      'AIX answers ARP only for addresses of the interface that the question came in by, not for those of lo0',
      general,
    ),
    cautions:
      duty.vips.length === 0
        ? []
        : [
            {
              text: 'without this netmask AIX makes a route for the VIP’s whole network through lo0: look with netstat -rn, and delete it',
              sources: [ibmCommerce],
            },
          ],
  };
}
