import type { Change, Resource } from '../../src/engine/resource.js';
import type { QuietAddress } from '../../src/resources/index.js';
import { sh, shLines } from '../../src/shell/index.js';

/** Red Hat's service: loads at boot what it has saved of the live rules. */
export const arptablesService = 'arptables_jf';

const saved = '/etc/sysconfig/arptables';

/**
 * The live rules, as the service saves them: all that are live, also those of others, as Red Hat's manual has it done.
 * @param live id of the resource that makes them
 */
export function savedRules(addresses: readonly QuietAddress[], live: string): Resource {
  const id = `saved ${arptablesService}`;
  return {
    id,
    probe: shLines(
      sh`for s in /etc/rc[235].d/S[0-9][0-9]${arptablesService} /etc/rc.d/rc[235].d/S[0-9][0-9]${arptablesService}; do [ -e "$s" ] && { echo enabled; break; }; done`,
      sh`[ -r ${saved} ] && exec cat ${saved}; :`,
    ),
    plan(observed, context): Change | undefined {
      const lines = observed.stdout.split('\n');
      const has = (...wanted: string[]) =>
        lines.some(
          (line) => line.startsWith('-A ') && wanted.every((word) => line.split(/\s+/).includes(word)),
        );
      const complete = addresses.every(
        ({ vip, rip }) => has('DROP', vip) && (rip === undefined || has('mangle', vip, rip)),
      );
      const enabled = lines[0] === 'enabled';
      const due = !complete || context.changing.has(live);
      if (!due && enabled) return undefined;
      return {
        summary: [due && `save the rules of arptables in ${saved}`, !enabled && `load them at boot`]
          .filter((part) => part !== false)
          .join(', '),
        apply: shLines(
          due && sh`service ${arptablesService} save`,
          !enabled && sh`chkconfig --level 2345 ${arptablesService} on`,
        ),
      };
    },
  };
}
