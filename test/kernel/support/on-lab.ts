import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { labAccess } from '../../../src/lab/index.js';
import { guestDirectory, layoutOf } from '../../../src/lab/layout.js';
import { type Sh, sh } from '../../../src/shell/index.js';
import { environmentPasswords, openHost } from '../../../src/ssh/index.js';

/** Runs a script as root on a host of the lab, whatever its flavour. @throws Error with its output unless it ends with 0 */
export async function onLab(lab: Cluster, name: string, script: Sh): Promise<string> {
  const { cluster, dial } = await labAccess(lab);
  const target = cluster.hosts.get(name);
  if (target === undefined) throw new Error(`no host ${name}`);
  const host = await openHost(target, { passwords: environmentPasswords({}), dial });
  try {
    const { status, stdout, stderr } = await host.run(script);
    if (status !== 0) throw new Error(`${name}: ${script.text}: ended with ${status}:\n${stdout}${stderr}`);
    return stdout.toString().trim();
  } finally {
    await host.close();
  }
}

/** Whether a host hears an answer to ARP questions that it sends to all on its eth0. */
export async function answersArp(lab: Cluster, asker: string, address: string): Promise<boolean> {
  // It ends with the first answer, and with 1 where none comes.
  const said = await onLab(lab, asker, sh`arping -f -c 4 -w 5 -I eth0 ${address} || :`);
  const count = /^Received (\d+) response/m.exec(said)?.[1];
  if (count === undefined) throw new Error(`${asker}: arping says no count:\n${said}`);
  return Number(count) > 0;
}

/** Sets the flag as an operator would. */
export async function setHidden(lab: Cluster, host: string, all: number, lo: number): Promise<void> {
  const conf = '/proc/sys/net/ipv4/conf';
  await onLab(lab, host, sh`echo ${all} >${`${conf}/all/hidden`} && echo ${lo} >${`${conf}/lo/hidden`}`);
}

/** What a host's kernel before the present one has said on its console. */
export function consoleBefore(lab: Cluster, host: string): string {
  const folder = guestDirectory(layoutOf(lab.name), host);
  return readFileSync(join(folder, 'console.log.previous'), 'latin1');
}

const grubConf = '/boot/grub/grub.conf';

/** Title of the entry that is booted unless another is asked for once. */
export async function defaultEntry(lab: Cluster, host: string): Promise<string> {
  const menu = await onLab(lab, host, sh`cat ${grubConf}`);
  const index = Number(/^default=(\d+)$/m.exec(menu)?.[1]);
  const title = [...menu.matchAll(/^title (.*)$/gm)][index]?.[1];
  if (title === undefined) throw new Error(`${host}: ${grubConf} has no entry ${index}:\n${menu}`);
  return title;
}
