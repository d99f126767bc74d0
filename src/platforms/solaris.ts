import { type Sh, sh } from '../shell/index.js';
import type { Duty, Edition, Rendering, Step } from './instructions.js';
import { sources } from './sources.js';
import { commands, fileLines } from './steps.js';
import { gatewayFile, gatewayNow, HOST_MASK, onLoopback, quietly, tunnelCautions, undoOf } from './unix.js';

const { general, howto, lvsKb, solarisIpadm, solarisRouter, solarisTunnel } = sources;

/** Solaris 11 has ipadm(1M), which also sees to the next boot; up to 10 it is ifconfig and /etc/hostname.*. */
export function solaris(duty: Duty): Rendering {
  return {
    editions: [byIfconfig(duty), byIpadm(duty)],
    ...quietly(
      duty,
      'the loopback interface has no ARP, and Solaris answers for no address of another interface',
      general,
    ),
    cautions: tunnelCautions(duty),
  };
}

/** The first alias is lo0:1; a taken one is passed over by who sits there. */
const alias = (i: number): string => `lo0:${i + 1}`;
const FREE = '(where that alias is taken, the next free one)';

function byIfconfig(duty: Duty): Edition {
  const vips = duty.vips.map((vip, i) =>
    commands(
      `${onLoopback(vip)} ${FREE}`,
      [sh`ifconfig ${alias(i)} plumb`, sh`ifconfig ${alias(i)} ${vip} netmask ${HOST_MASK} up`],
      howto,
    ),
  );
  const tunnels = duty.tunnels.map((director, i) =>
    commands(
      `the end of the tunnel from ${director}`,
      [
        sh`ifconfig ${`ip.tun${i}`} plumb`,
        sh`ifconfig ${`ip.tun${i}`} ${duty.address} ${director} tsrc ${duty.address} tdst ${director} up`,
      ],
      general,
      lvsKb,
    ),
  );
  const atBoot: Step[] = [
    ...duty.vips.map((vip, i) =>
      fileLines(`/etc/hostname.${alias(i)}`, onLoopback(vip), [`${vip} netmask ${HOST_MASK} up`], general),
    ),
    ...duty.tunnels.map((director, i) =>
      fileLines(
        `/etc/hostname.ip.tun${i}`,
        `the end of the tunnel from ${director}`,
        [`${duty.address} ${director} tsrc ${duty.address} tdst ${director} up`],
        general,
      ),
    ),
    ...gatewayFile(duty, '/etc/defaultrouter', (gateway) => gateway, solarisRouter),
  ];
  const live: Sh[] = [
    ...duty.vips.map((_, i) => sh`ifconfig ${alias(i)} unplumb`),
    ...duty.tunnels.map((_, i) => sh`ifconfig ${`ip.tun${i}`} unplumb`),
  ];
  return {
    name: 'Solaris 7 to 10',
    now: [...vips, ...tunnels, ...gatewayNow(duty)],
    atBoot,
    undo: undoOf(duty, live, atBoot),
  };
}

function byIpadm(duty: Duty): Edition {
  const object = (i: number) => `lo0/lvs${i + 1}`;
  const vips = duty.vips.map((vip, i) =>
    commands(
      onLoopback(vip),
      [sh`ipadm create-addr -T static -a ${`local=${vip}/32`} ${object(i)}`],
      solarisIpadm,
      general,
    ),
  );
  const link = (i: number) => `lvstun${i}`;
  const tunnels = duty.tunnels.map((director, i) =>
    commands(
      `the end of the tunnel from ${director}`,
      [
        sh`dladm create-iptun -T ipv4 -a ${`local=${duty.address},remote=${director}`} ${link(i)}`,
        sh`ipadm create-ip ${link(i)}`,
        sh`ipadm create-addr -T static -a ${`local=${duty.address},remote=${director}`} ${`${link(i)}/lvs`}`,
      ],
      solarisTunnel,
      general,
    ),
  );
  const { gateway } = duty;
  const router =
    gateway === undefined
      ? []
      : [
          commands(
            'the director as default gateway, in place of another one',
            [sh`route -p add default ${gateway}`],
            solarisRouter,
            general,
          ),
        ];
  const live: Sh[] = [
    ...duty.vips.map((_, i) => sh`ipadm delete-addr ${object(i)}`),
    ...duty.tunnels.flatMap((_, i) => [sh`ipadm delete-ip ${link(i)}`, sh`dladm delete-iptun ${link(i)}`]),
  ];
  return {
    name: 'Solaris 11 (ipadm, dladm and route -p see to the next boot too)',
    now: [...vips, ...tunnels, ...router],
    atBoot: [],
    undo: undoOf(duty, live, []),
  };
}
