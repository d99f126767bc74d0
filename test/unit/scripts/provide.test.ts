import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { labPackages } from '../../../src/lab/requirements.js';

const at = (path: string): string => fileURLToPath(new URL(`../../../scripts/${path}`, import.meta.url));

describe('what the scripts install', () => {
  test('is all that the lab asks for', async () => {
    const { PACKAGES } = (await import(at('provide.mjs'))) as { PACKAGES: { lab: string[] } };
    expect(PACKAGES.lab).toEqual(expect.arrayContaining([...labPackages]));
  });

  describe('on a machine without apt-get, dpkg and sudo', () => {
    const empty = mkdtempSync(join(tmpdir(), 'lvsctl-path-'));
    afterAll(() => rmSync(empty, { recursive: true }));

    test('is nothing: the demo says what is missing and ends with 2', () => {
      const { status, stderr } = spawnSync(process.execPath, [at('demo.mjs')], {
        env: { PATH: empty },
        encoding: 'utf8',
      });
      expect(status).toBe(2);
      expect(stderr).toContain('neither Debian nor Ubuntu');
      expect(stderr).toContain('mmdebstrap');
    });
  });
});
