import type { Facts } from '../engine/facts.js';
import type { Change, Resource } from '../engine/resource.js';
import { type Sh, sh, shLines } from '../shell/index.js';
import { observedText } from './observed.js';

export interface ServiceOptions {
  /** Name of the init script or unit; `.service` may be left out, other suffixes (`.timer`) not. */
  readonly name: string;
  readonly facts: Facts;
  /** Ids of the resources that it reads when it starts; they must take away {@link stampOf} before they change. */
  readonly restartOn?: readonly string[];
}

/** Exists while the service is known to run with its present configuration. */
export function stampOf(service: string): string {
  return `/var/lib/lvsctl/stamp/${service}`;
}

/**
 * A service that starts at boot, runs now, and runs with its present configuration. That last is a stamp on the host,
 * taken away before a configuration file changes and put back after the restart: a run that is killed between the two
 * leaves no stamp, so the next one still knows that the restart is due.
 */
export function service(options: ServiceOptions): Resource {
  const { name, facts, restartOn = [] } = options;
  const id = `service ${name}`;
  const stamp = stampOf(name);
  const stamped = restartOn.length > 0;
  return {
    id,
    probe: shLines(stamped && sh`[ -e ${stamp} ] && echo stamp`, statusProbe(name, facts)),
    plan(observed, context): Change | undefined {
      const text = observedText(id, observed);
      const words = new Set(text.split('\n').map((line) => line.trim()));
      const active = words.has('ActiveState=active') || words.has('active');
      const enabled =
        /^UnitFileState=(enabled|static|generated|alias|indirect)/m.test(text) || words.has('enabled');
      const stale = stamped && (!words.has('stamp') || restartOn.some((one) => context.changing.has(one)));
      if (active && enabled && !stale) return undefined;
      const begin = active && stale ? 'restart' : 'start';
      const needsStart = !active || stale;
      return {
        summary: [!enabled && 'enable', needsStart && begin]
          .filter((part) => part !== false)
          .join(' and ')
          .concat(` ${name}`),
        diff: [
          enabled ? '' : '- not started at boot\n+ started at boot\n',
          active ? '' : '- not running\n+ running\n',
          active && stale ? '- running with an older configuration\n+ running with the present one\n' : '',
        ].join(''),
        apply: shLines(
          !enabled && enable(name, facts),
          needsStart && start(name, facts, stamped),
          stamped && sh`mkdir -p /var/lib/lvsctl/stamp; : > ${stamp}`,
        ),
      };
    },
  };
}

function statusProbe(name: string, facts: Facts): Sh {
  switch (facts.init) {
    case 'systemd':
      return sh`systemctl show -p ActiveState -p UnitFileState ${unitName(name)}`;
    case 'openrc':
      return shLines(
        sh`[ -h ${`/etc/runlevels/default/${name}`} ] && echo enabled`,
        sh`rc-service -q ${name} status >/dev/null 2>&1 && echo active; :`,
      );
    case 'sysv':
      // Runlevel 2 is Debian's, 3 and 5 are Red Hat's.
      return shLines(
        sh`for s in /etc/rc[235].d/S[0-9][0-9]${name} /etc/rc.d/rc[235].d/S[0-9][0-9]${name}; do [ -e "$s" ] && { echo enabled; break; }; done`,
        sh`[ -x /etc/init.d/${name} ] && /etc/init.d/${name} status >/dev/null 2>&1 && echo active; :`,
      );
  }
}

function enable(name: string, facts: Facts): Sh {
  switch (facts.init) {
    case 'systemd':
      return sh`systemctl enable ${unitName(name)}`;
    case 'openrc':
      return sh`rc-update add ${name} default`;
    case 'sysv':
      return facts.commands.has('chkconfig')
        ? sh`chkconfig --level 2345 ${name} on`
        : sh`update-rc.d ${name} defaults`;
  }
}

/** Start or restart, then look again a second later: a daemon that dies of its configuration mostly dies at once. */
function start(name: string, facts: Facts, restart: boolean): Sh {
  const word = restart ? 'restart' : 'start';
  switch (facts.init) {
    case 'systemd': {
      const unit = unitName(name);
      const tell = sh`{ systemctl --no-pager --full --lines=15 status ${unit} >&2; exit 1; }`;
      return shLines(
        sh`systemctl daemon-reload`,
        sh`systemctl reset-failed ${unit} 2>/dev/null || :`,
        sh`systemctl ${word} ${unit} || ${tell}`,
        sh`sleep 1; systemctl -q is-active ${unit} || ${tell}`,
      );
    }
    case 'openrc':
      return shLines(sh`rc-service ${name} ${word}`, sh`sleep 1; rc-service -q ${name} status`);
    case 'sysv':
      return shLines(sh`/etc/init.d/${name} ${word} || /etc/init.d/${name} start`, sh`sleep 1`);
  }
}

/** Sh that notes, ahead of a change of its configuration, that the service will need a restart. */
export function forgetStamp(name: string): Sh {
  return sh`rm -f ${stampOf(name)}`;
}

function unitName(name: string): string {
  return name.includes('.') ? name : `${name}.service`;
}
