import { describe, expect, it } from 'vitest';
import { sameAgain } from '../../../src/cli/commands/rolling.js';
import { folderWithInventory, lvsctl } from './run-cli.js';

describe('lvsctl rolling', () => {
  it.each([
    [[], 'nothing to do to the real servers', '--reboot, --command CMD'],
    [['--roles', 'frp'], '--roles: no role of real servers is called frp', 'they are arp, ftp, realserver'],
    [
      ['--reboot', '--limit', 'director'],
      '--limit: names no real server that can be taken out',
      'name real servers',
    ],
    [['--reboot', '--limit', 'rs3'], '--limit: the inventory has no host or group rs3', 'did you mean rs1?'],
    [['--reboot', '--wait', 'long'], "'--wait <duration>' argument 'long' is invalid", '90, 90s, 5m or 1h'],
    [['--reboot', '--batch', '0'], "'--batch <number>' argument '0' is invalid", 'from 1 on'],
    [
      ['--reboot', '--max-failures', '101%'],
      "'--max-failures <number>' argument '101%' is invalid",
      'from 0 on',
    ],
  ])('refuses %j before it contacts anything', async (args, message, hint) => {
    const { status, stderr } = await lvsctl(await folderWithInventory(), ['rolling', ...args]);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(status).toBe(2);
  });

  it('says how the same run goes on: with the same hosts, and what else was said', () => {
    const usual = { wait: 300, batch: 1, maxFailures: 0 } as const;
    expect(sameAgain({ ...usual, reboot: true })).toBe('rolling --reboot');
    expect(
      sameAgain({
        roles: ['ftp', 'arp'],
        command: 'apt-get -y upgrade',
        reboot: true,
        limit: ['rs1', 'new'],
        wait: 60,
        cut: true,
        within: 900,
        batch: '25%',
        maxFailures: 2,
        anew: true,
      }),
    ).toBe(
      "rolling --roles ftp,arp --command 'apt-get -y upgrade' --reboot --limit rs1,new --wait 60 --cut --within 900 --batch 25% --max-failures 2",
    );
  });
});
