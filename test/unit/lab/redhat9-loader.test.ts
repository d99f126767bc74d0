import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { stockKernelFiles } from '../../../src/lab/redhat9/stockKernel.js';
import { sh, trusted } from '../../../src/shell/index.js';
import { runIn, shells } from '../../support/shells.js';

const asset = (path: string) => fileURLToPath(new URL(`../../../src/lab/redhat9/${path}`, import.meta.url));
const loader = readFileSync(asset('initramfs/loader.sh'), 'utf8');
const shipped = readFileSync(asset('root/boot/grub/grub.conf'), 'utf8');
const stage2 = readFileSync(asset('root/boot/grub/stage2'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-loader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A root with Red Hat 9's own boot files, and others put into it. */
async function rootWith(files: Readonly<Record<string, string>>): Promise<string> {
  count += 1;
  const root = join(folder, String(count));
  const all = {
    ...(await stockKernelFiles()),
    '/boot/grub/grub.conf': shipped,
    '/boot/grub/stage2': stage2,
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    if (!path.startsWith('/boot/')) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const entry = (title: string, kernel: string, more = '') =>
  `title ${title}\n\troot (hd0,0)\n\tkernel ${kernel}\n${more}`;
const twin = {
  '/boot/vmlinuz-twin': 'lvsctl-twin-kernel 2.4.20-lvs1\nfeature ipvs 1.0.9 65536\nfeature hidden\n',
};
const second = entry('second', '/boot/vmlinuz-twin ro root=/dev/hda1 panic=30');

describe.each(shells.map((shell) => [shell.name, shell] as const))(
  'the loader, run by %s',
  (_name, shell) => {
    function chosen(root: string): string {
      const { stdout, stderr, status } = runIn(
        shell,
        trusted(
          `b=\n${loader}\n${sh`choose ${root}`.text} >/dev/null && printf '%s|' "$entry" "$title" "$kind" "$release" "$args" "$initrd" "$features" || echo "stopped: $trouble"`,
        ),
      );
      expect([status, stderr]).toEqual([0, '']);
      return stdout;
    }

    test('boots the stock entry of a fresh host', async () => {
      expect(chosen(await rootWith({}))).toBe(
        '0|Red Hat Linux (2.4.20-8)|twin|2.4.20-8|ro root=LABEL=/|/boot/initrd-2.4.20-8.img||',
      );
    });

    test('boots the default entry, wherever it stands and however it is written', async () => {
      const menu = `${shipped.replace('default=0', 'default  1')}\n# a comment\n  ${second}`;
      expect(chosen(await rootWith({ ...twin, '/boot/grub/grub.conf': menu }))).toBe(
        '1|second|twin|2.4.20-lvs1|ro root=/dev/hda1 panic=30||ipvs 1.0.9 65536\nhidden\n|',
      );
    });

    test('takes the device of a path away, and a last line without an end', async () => {
      const menu = `default=0\n${entry('second', '(hd0,0)/boot/vmlinuz-twin ro').trimEnd()}`;
      expect(chosen(await rootWith({ ...twin, '/boot/grub/grub.conf': menu }))).toContain('|2.4.20-lvs1|ro|');
    });

    test('tries the flagged entry once: the flag is gone before it is booted', async () => {
      const root = await rootWith({
        ...twin,
        '/boot/grub/grub.conf': shipped + second,
        '/boot/grub/stage2': `${stage2}once 1\n`,
      });
      expect(chosen(root)).toMatch(/^1\|second/);
      expect(readFileSync(join(root, 'boot/grub/stage2'), 'utf8')).toBe(stage2);
      expect(chosen(root)).toMatch(/^0\|Red Hat/);
    });

    test('keeps the flag without a default line, and boots the first entry', async () => {
      const root = await rootWith({
        ...twin,
        '/boot/grub/grub.conf': shipped.replace('default=0\n', '') + second,
        '/boot/grub/stage2': `${stage2}once 1\n`,
      });
      expect(chosen(root)).toMatch(/^0\|/);
      expect(readFileSync(join(root, 'boot/grub/stage2'), 'utf8')).toContain('once 1');
    });

    test.each([
      ['no kernel file', second, {}, 'Error 15: File not found: /boot/vmlinuz-twin'],
      [
        'half a file',
        second,
        { '/boot/vmlinuz-twin': 'lvs' },
        'Error 13: Invalid or unsupported executable format',
      ],
      ['an empty file', second, { '/boot/vmlinuz-twin': '' }, 'Error 13'],
      ['no initrd', `${second}\tinitrd /boot/none.img\n`, twin, 'Error 15: File not found: /boot/none.img'],
      ['an entry without kernel', 'title second\n', {}, 'Error 8'],
    ])('stops at its menu with %s, or takes the fallback', async (_, added, files, trouble) => {
      const menu = shipped.replace('default=0', 'default=1') + added;
      expect(chosen(await rootWith({ ...files, '/boot/grub/grub.conf': menu }))).toContain(
        `stopped: ${trouble}`,
      );
      const careful = menu.replace('default=1', 'default=1\nfallback 0');
      expect(chosen(await rootWith({ ...files, '/boot/grub/grub.conf': careful }))).toMatch(/^0\|Red Hat/);
    });

    test.each([
      ['a default that is no entry', shipped.replace('default=0', 'default=7'), 'Error 8'],
      ['a default that is no number', shipped.replace('default=0', 'default=saved'), 'Error 27'],
      ['an empty menu', '', 'Error 8'],
    ])('stops with %s', async (_, menu, trouble) => {
      expect(chosen(await rootWith({ '/boot/grub/grub.conf': menu }))).toContain(`stopped: ${trouble}`);
    });

    test('tells a program from a twin', async () => {
      const menu = `default=0\n${entry('real', '/boot/linux panic=5')}`;
      expect(
        chosen(
          await rootWith({
            '/boot/linux': '\u007fELF\u0002\u0001\u0000\n\u0000',
            '/boot/grub/grub.conf': menu,
          }),
        ),
      ).toMatch(/^0\|real\|elf\|\|panic=5\|/);
    });
  },
);

describe.each(shells.map((shell) => [shell.name, shell] as const))(
  'grub of a twin, run by %s',
  (_name, shell) => {
    const grub = readFileSync(asset('root/sbin/grub'), 'utf8');
    function asked(commands: string, present = stage2): { told: string; flag: string } {
      count += 1;
      const file = join(folder, `stage2-${count}`);
      writeFileSync(file, present);
      const script = join(folder, 'grub');
      writeFileSync(script, grub.replace('stage2=/boot/grub/stage2', `stage2=${file}`));
      const [program = 'sh', ...args] = shell.argv;
      const { stdout } = runIn(
        shell,
        sh`printf '%s\n' ${commands} | ${program} ${args} ${script} --batch --no-floppy`,
      );
      return { told: stdout, flag: readFileSync(file, 'utf8').slice(stage2.length) };
    }

    test('sets the flag, the last one', () => {
      const { told, flag } = asked('savedefault --default=3 --once\nquit', `${stage2}once 1\n`);
      expect(flag).toBe('once 3\n');
      expect(told).not.toContain('Error');
    });

    test.each([
      ['setup (hd0)', 'Error 27: Unrecognized command'],
      ['savedefault --wrong --once', 'Error 27: Unrecognized command'],
      ['savedefault --default=two --once', 'Error'],
      ['savedefault --stage2=/nowhere --default=2 --once', 'Error 15: File not found'],
    ])('%s is an error, and no flag', (command, error) => {
      const { told, flag } = asked(command);
      expect(told).toContain(error);
      expect(flag).toBe('');
    });
  },
);
