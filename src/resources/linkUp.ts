import type { Facts } from '../engine/facts.js';
import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

export interface LinkUpOptions {
  readonly interface: string;
  /** Id of the resource that makes the link (its module): missing before it is not yet an error. */
  readonly createdBy?: string;
  readonly facts: Facts;
}

/** An interface that is up; IFF_UP is bit 0 of its flags (linux/if.h). */
export function linkUp(options: LinkUpOptions): Resource {
  const name = options.interface;
  const id = `link ${name}`;
  const flags = `/sys/class/net/${name}/flags`;
  return {
    id,
    probe: shLines(
      // By its last hexadecimal digit: bash executes what stands in a subscript of what it calculates with.
      sh`if [ -r ${flags} ]; then read -r flags < ${flags}; case $flags in *[13579bdf]) echo up ;; *) echo down ;; esac`,
      sh`elif [ -d /sys/class/net ]; then echo missing`,
      sh`else case $(LC_ALL=C ifconfig ${name} 2>/dev/null) in '') echo missing ;; *UP*) echo up ;; *) echo down ;; esac; fi`,
    ),
    plan(observed, context): Change | undefined {
      const state = observedText(id, observed).trim();
      if (state === 'up') return undefined;
      if (
        state === 'missing' &&
        !(options.createdBy !== undefined && context.changing.has(options.createdBy))
      )
        throw new LvsctlError(`there is no interface ${name}`, {
          resource: id,
          hint: 'look at the host’s interfaces, and set `interface` in the inventory',
        });
      return {
        summary: `bring ${name} up`,
        apply: options.facts.commands.has('ip') ? sh`ip link set ${name} up` : sh`ifconfig ${name} up`,
      };
    },
  };
}
