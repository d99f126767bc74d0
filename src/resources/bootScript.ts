import type { Facts } from '../engine/facts.js';
import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh } from '../shell/index.js';
import { block } from './block.js';
import { file } from './file.js';
import { observedText } from './observed.js';
import { oneLine } from './oneLine.js';
import { service } from './service.js';

export interface BootScriptOptions {
  /** Makes /etc/lvsctl/NAME.sh; letters, digits, "_", "." and "-". */
  readonly name: string;
  /** One line, for the unit and the block. */
  readonly description: string;
  /** The whole script (or what makes it from the present one); idempotent, since it is also run by hand. */
  readonly text: string | ((present: string | undefined) => string);
  /** Unit that starts at boot only when the script has ended, well or not; systemd only. */
  readonly before?: string;
  readonly facts: Facts;
}

/**
 * A script that runs at boot: by a oneshot unit (systemd), by local.d (OpenRC), or from rc.local, as in the tutorial.
 * It is not run when it changes: what it does is also there as resources, which bring it about now.
 * @throws LvsctlError on an unsafe name
 */
export function bootScript(options: BootScriptOptions): readonly Resource[] {
  const { name, text, facts } = options;
  // It stands in file names, units and lines of rc.local.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name))
    throw new LvsctlError(`${JSON.stringify(name)} is no name for a boot script`, {
      resource: 'boot script',
      hint: 'use letters, digits, "_", "." and "-", not beginning with "-"',
    });
  const description = oneLine(options.description);
  const path = `/etc/lvsctl/${name}.sh`;
  const script = file({ path, content: text, mode: '0755' });
  switch (facts.init) {
    case 'systemd': {
      const unit = `lvsctl-${name}.service`;
      return [
        script,
        file({
          path: `/etc/systemd/system/${unit}`,
          content: unitText(description, path, options.before),
          mode: '0644',
          after: sh`systemctl daemon-reload`,
        }),
        enabledUnit(unit, 'multi-user.target'),
      ];
    }
    case 'openrc':
      return [
        script,
        file({
          path: `/etc/local.d/lvsctl-${name}.start`,
          content: `#!/bin/sh\n# ${description}. Written by lvsctl.\nexec /bin/sh ${path}\n`,
          mode: '0755',
        }),
        service({ name: 'local', facts }),
      ];
    case 'sysv':
      return [script, block({ ...rcLocal(facts), name, body: `# ${description}\n/bin/sh ${path}\n` })];
  }
}

/** Where a sysv host runs commands last at boot. On Red Hat /etc/rc.local is a link to /etc/rc.d/rc.local. */
export function rcLocal(facts: Facts): { path: string; heading: string; executable: true } {
  const path = facts.paths.has('/etc/rc.d/rc.local') ? '/etc/rc.d/rc.local' : '/etc/rc.local';
  return { path, heading: '#!/bin/sh\n', executable: true };
}

function unitText(description: string, path: string, before: string | undefined): string {
  return [
    '# Written by lvsctl.',
    '[Unit]',
    `Description=${description}`,
    'Wants=network-online.target',
    'After=network-online.target network.target systemd-sysctl.service systemd-modules-load.service',
    ...(before === undefined ? [] : [`Before=${before}`]),
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    `ExecStart=/bin/sh ${path}`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** A unit that is started at boot. Its link is looked at directly: systemctl would cost a fork, and knows no more. */
export function enabledUnit(unit: string, target: string): Resource {
  const id = `enabled ${unit}`;
  return {
    id,
    probe: sh`[ -h ${`/etc/systemd/system/${target}.wants/${unit}`} ] && echo enabled; :`,
    plan(observed): Change | undefined {
      if (observedText(id, observed).trim() === 'enabled') return undefined;
      return { summary: `start ${unit} at boot`, apply: sh`systemctl enable ${unit}` };
    },
  };
}
