import type { Facts } from '../../src/engine/facts.js';
import type { Resource } from '../../src/engine/resource.js';
import { block, configuredService, file, packages, service } from '../../src/resources/index.js';
import { paths } from './parties.js';

/** Runs the sync script every so many minutes: by a systemd timer, else by cron. */
export function schedule(everyMinutes: number, facts: Facts): readonly Resource[] {
  if (facts.init === 'systemd') return byTimer(everyMinutes, facts);
  const line = cronTimes(everyMinutes);
  if (facts.paths.has('/etc/crontabs')) {
    const body = `${line} /bin/sh ${paths.syncScript}\n`;
    return [
      block({ path: '/etc/crontabs/root', name: 'content', body }),
      ...(facts.init === 'openrc' ? [service({ name: 'crond', facts })] : []),
    ];
  }
  return [
    ...cronPackage(facts),
    file({
      path: '/etc/cron.d/lvsctl-content',
      content: `# Written by lvsctl.\n${line} root /bin/sh ${paths.syncScript} >/dev/null\n`,
      mode: '0644',
    }),
  ];
}

function byTimer(everyMinutes: number, facts: Facts): readonly Resource[] {
  const unit = file({
    path: '/etc/systemd/system/lvsctl-content.service',
    content: [
      '# Written by lvsctl.',
      '[Unit]',
      'Description=Copy the content from its source (lvsctl)',
      'Wants=network-online.target',
      'After=network-online.target',
      '',
      '[Service]',
      'Type=oneshot',
      `ExecStart=/bin/sh ${paths.syncScript}`,
      '',
    ].join('\n'),
  });
  const timer = file({
    path: '/etc/systemd/system/lvsctl-content.timer',
    content: [
      '# Written by lvsctl.',
      '[Unit]',
      'Description=Copy the content from its source, repeatedly (lvsctl)',
      '',
      '[Timer]',
      'OnBootSec=1min',
      `OnUnitActiveSec=${everyMinutes}min`,
      // systemd may otherwise be late by a minute, to save wake-ups.
      'AccuracySec=1s',
      'RandomizedDelaySec=10',
      '',
      '[Install]',
      'WantedBy=timers.target',
      '',
    ].join('\n'),
  });
  const timed = configuredService({ name: 'lvsctl-content.timer', facts, files: [unit, timer] });
  return [...timed.files, timed.service];
}

function cronPackage(facts: Facts): readonly Resource[] {
  const present = facts.commands.has('cron') || facts.commands.has('crond');
  if (present || facts.packageManager === undefined) return [];
  return [packages({ name: 'cron', packages: [{ apt: 'cron', default: 'cronie' }], facts })];
}

/** cron knows divisions of an hour and of a day; what is neither is rounded to whole hours. */
export function cronTimes(everyMinutes: number): string {
  if (everyMinutes < 60) return `${everyMinutes === 1 ? '*' : `*/${everyMinutes}`} * * * *`;
  const hours = Math.round(everyMinutes / 60);
  return hours >= 24 ? '7 3 * * *' : `7 ${hours === 1 ? '*' : `*/${hours}`} * * *`;
}
