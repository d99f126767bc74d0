import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awaitBootScript } from '../../../src/engine/boot.js';
import { trusted } from '../../../src/shell/index.js';
import { hostShells } from '../../support/host-shells.js';
import { runIn } from '../../support/shells.js';

describe.each(hostShells)('the end of a boot in $name', (shell) => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lvsctl-boot-'));
    mkdirSync(join(folder, 'systemd'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** What the script says on a host that is so many seconds old, and whose systemd is `starting` so often. */
  function saidAt(seconds: number, starting: number): { said: string; asked: number } {
    const asked = join(folder, 'asked');
    writeFileSync(join(folder, 'uptime'), `${seconds}.25 1.00\n`);
    writeFileSync(asked, '');
    const systemctl = join(folder, 'systemctl');
    writeFileSync(
      systemctl,
      `#!/bin/sh\necho >>${asked}\nif [ "$(wc -l <${asked})" -gt ${starting} ]; then echo running; else echo starting; fi\n`,
    );
    chmodSync(systemctl, 0o755);
    const script = awaitBootScript.text
      // Processes of this machine may have any name.
      .replaceAll('/proc/[0-9]*', join(folder, 'none'))
      .replaceAll('/proc/uptime', join(folder, 'uptime'))
      .replaceAll('/run/systemd/system', join(folder, 'systemd'))
      .replaceAll('systemctl is-system-running', `${systemctl} is-system-running`)
      .replace('n=60', 'n=2');
    const { stdout, stderr, status } = runIn(shell, trusted(script));
    expect([stderr, status]).toEqual(['', 0]);
    return { said: stdout, asked: readFileSync(asked, 'utf8').length };
  }

  it('is waited for on a host that has just started', () => {
    expect(saidAt(20, 1)).toEqual({ said: '', asked: 2 });
  });

  it('is told where it does not come', () => {
    expect(saidAt(20, 9)).toEqual({ said: 'booting yes\n', asked: 2 });
  });

  it('is no question on an older one', () => {
    expect(saidAt(4000, 9)).toEqual({ said: '', asked: 0 });
  });
});
