import type { Facts } from '../engine/facts.js';
import type { Resource } from '../engine/resource.js';
import { sh, shLines } from '../shell/index.js';
import { block } from './block.js';
import { rcLocal } from './bootScript.js';
import { file } from './file.js';

/** Modules that are loaded at boot: by /etc/modules-load.d (systemd), /etc/modules, or rc.local, whichever the host has. */
export function modulesAtBoot(name: string, modules: readonly string[], facts: Facts): Resource {
  const list = modules.map((module) => `${module}\n`).join('');
  if (facts.init === 'systemd')
    return file({
      path: `/etc/modules-load.d/lvsctl-${name}.conf`,
      content: `# Written by lvsctl.\n${list}`,
    });
  if (facts.paths.has('/etc/modules')) return block({ path: '/etc/modules', name, body: list });
  const script = shLines(...modules.map((module) => sh`modprobe ${module}`));
  return block({ ...rcLocal(facts), name: `modules ${name}`, body: `${script.text}\n` });
}
