import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTwinSources } from '../../src/lab/twin-sources/index.js';
import { lvsctl, onHost, watched } from './support/program.js';
import { until } from './support/until.js';

/**
 * Three hosts of 2003, rebuilt hands-off: the shipped inventory of Red Hat 9 hosts as a lab. The tests build on one another, in this
 * order: kernels that fail, each leaving its host on the old one, then the tutorial's, then an operator's next day.
 */
const shipped = fileURLToPath(new URL('../../inventory.redhat9.ts', import.meta.url));
const name = `rebuild-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-rebuild-'));
const inventory = join(folder, 'inventory.ts');
const nodes = ['director', 'rs1', 'rs2'];
const stock = '2.4.20-8';

/** What was built before must not count, but the lab's images are shared: they take minutes. */
const cache = join(folder, 'cache');
const images = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lvsctl/lab');

/** The inventory, with kernels of its own that never get to a login; `broken` is what rs1 is to be given. */
function write(broken?: 'panics' | 'hangs'): void {
  const text = readFileSync(shipped, 'utf8')
    .replace("name: 'redhat9'", `name: '${name}'`)
    .replace('  hosts: {', `  kernelProfiles: ${JSON.stringify(profiles)},\n\n  hosts: {`)
    .replace(
      "rs1: { address: '10.83.33.76/24' }",
      `rs1: { address: '10.83.33.76/24'${broken ? `, kernel: { profile: '${broken}', rebootWithinSeconds: ${broken === 'hangs' ? 60 : 600} }` : ''} }`,
    );
  writeFileSync(inventory, text);
  expect(text).toContain(name);
  expect(text).toContain('kernelProfiles');
  expect(text.includes('rebootWithinSeconds')).toBe(broken !== undefined);
}

const profiles: Record<string, unknown> = {};

const shell = (host: string, script: string): string => {
  const { status, stdout, stderr } = onHost(inventory, host, `PATH=/sbin:/bin:/usr/sbin:/usr/bin\n${script}`);
  expect(status, `${host}: ${script}\n${stdout}${stderr}`).toBe(0);
  return stdout;
};

const releases = async () => {
  const outcome = await lvsctl('facts', inventory, '--lab');
  expect(outcome.status, outcome.story).toBe(0);
  return Object.fromEntries(
    outcome.of('facts').map(({ host, facts }) => [host, (facts.kernel as { release: string }).release]),
  );
};

/** Undefined while it can't be asked. */
const bootOf = (host: string): string | undefined => {
  const { status, stdout } = onHost(inventory, host, 'cat /proc/sys/kernel/random/boot_id');
  return status === 0 ? stdout.trim() : undefined;
};

beforeAll(async () => {
  process.env.XDG_CACHE_HOME = cache;
  mkdirSync(join(cache, 'lvsctl'), { recursive: true });
  mkdirSync(images, { recursive: true });
  symlinkSync(images, join(cache, 'lvsctl/lab'));
  for (const [profile, kernel] of [
    ['panics', 'panic'],
    ['hangs', 'hang'],
  ] as const) {
    const [source] = await makeTwinSources(join(folder, profile), { names: ['linux-2.4.20'], kernel });
    profiles[profile] = {
      version: '2.4.20',
      source: { file: source?.path, sha256: source?.sha256 },
      patches: [],
      flavour: '2.4',
      base: 'running',
      options: { BLK_DEV_INITRD: 'y' },
      image: { target: 'bzImage', path: 'arch/i386/boot/bzImage' },
      arp: 'hidden',
    };
  }
  write();
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
});

afterAll(async () => {
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

describe('a kernel that does not come up', () => {
  it('panics: the host is back on its old kernel, the run says so and stops, and does not try again by itself', async () => {
    write('panics');
    const menu = shell('rs1', 'cat /boot/grub/grub.conf');
    const run = await lvsctl('provision', inventory, '--lab', '--limit', 'rs1,rs2');
    expect(run.status).toBe(1);
    // Its kernel, and the tutorial's for rs2: each was built once, on the same host.
    const images = run.of('change.end').filter(({ resource }) => /^kernel \S+: image$/.test(resource));
    expect(images.map(({ host, status }) => ({ host, status }))).toEqual([
      { host: 'rs1', status: 0 },
      { host: 'rs1', status: 0 },
    ]);
    const failures = run.of('failure').filter(({ host }) => host === 'rs1');
    expect(failures, run.story).toHaveLength(1);
    expect(failures[0]?.message).toMatch(
      /^rs1 was told at .* UTC to boot 2\.4\.20-lvs[0-9a-f]{8} once, and is back on 2\.4\.20-8; the new kernel left no word in \/var\/log/,
    );
    expect(failures[0]?.hint).toContain('the default was left alone');
    // One node at a time: the next ones were not tried.
    expect(await releases()).toMatchObject({ director: stock, rs1: stock, rs2: stock });
    expect(shell('rs2', 'grep -c lvsctl /boot/grub/grub.conf || :').trim()).toBe('0');
    const after = shell('rs1', 'cat /boot/grub/grub.conf');
    expect(after.startsWith(menu)).toBe(true);
    expect(after).toMatch(/^default=0$/m);
    const again = await lvsctl('plan', inventory, '--lab', '--limit', 'rs1');
    expect(again.of('failure').map(({ message }) => message)).toContain(failures[0]?.message);
  });

  it('hangs: the run waits as long as the inventory says, and a reset ends on the old kernel', async () => {
    write('hangs');
    const run = await lvsctl('provision', inventory, '--lab', '--limit', 'rs1');
    expect(run.status).toBe(1);
    expect(run.of('failure').map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^rs1 was told to reboot and did not answer in another boot within 60 s/),
    );
    const reset = await lvsctl('lab', 'reset', inventory, 'rs1');
    expect(reset.status, reset.story).toBe(0);
    expect((await releases()).rs1).toBe(stock);
    const plan = await lvsctl('plan', inventory, '--lab', '--limit', 'rs1');
    expect(plan.of('failure').map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^rs1 was told at .* once, and is back on 2\.4\.20-8/),
    );
  });
});

describe('the tutorial’s kernel', () => {
  let release: string;

  it('is planned, without a change, host by host', async () => {
    write();
    const plan = await lvsctl('plan', inventory, '--lab');
    expect(plan.of('failure'), plan.story).toEqual([]);
    for (const host of nodes)
      expect(plan.planned, plan.story).toContainEqual(
        expect.stringMatching(new RegExp(`^${host}: kernel 2\\.4\\.20-lvs[0-9a-f]{8} runs$`)),
      );
  });

  it('is not built again, and a run that is killed while the first host boots it is taken up by the next', async () => {
    const before = bootOf('rs1');
    expect(before).toBeDefined();
    let gone: Promise<void> | undefined;
    const first = await watched(['provision', inventory, '--lab'], (event, child) => {
      if (event.type !== 'host.step' || event.host !== 'rs1' || event.step !== 'reboot') return;
      // The word to reboot comes after this event, and a connection to a host on its way down is lost.
      gone ??= until('the end of a boot', () => bootOf('rs1') !== before).finally(() =>
        child.kill('SIGKILL'),
      );
    });
    await gone;
    expect(first.status).toBe(null);
    await until('the next boot', () => ![undefined, before].includes(bootOf('rs1')));
    const run = await lvsctl('provision', inventory, '--lab');
    expect(run.of('failure'), run.story).toEqual([]);
    expect(run.status, run.story).toBe(0);
    const all = await releases();
    release = all.rs1 ?? '';
    expect(release).toMatch(/^2\.4\.20-lvs[0-9a-f]{8}$/);
    expect(all).toMatchObject({ director: release, rs1: release, rs2: release });
    const ended = [...first.of('change.end'), ...run.of('change.end')].filter(({ status }) => status === 0);
    const hosts = (resource: RegExp) =>
      new Set(ended.filter((event) => resource.test(event.resource)).map(({ host }) => host));
    // Nothing was compiled any more: what one has built, all have.
    expect(hosts(/^kernel \S+ bundle$/)).toEqual(new Set(nodes));
    expect([...hosts(/^kernel \S+: /)]).toEqual([]);
    const [report] = run.of('verify.result').map((event) => event.report);
    expect(report).toMatchObject({ connections: 40, failedConnections: 0, problems: [] });
    expect(report?.shares.map(({ host, answered, counted }) => [host, answered, counted])).toEqual([
      ['rs1', 30, 30],
      ['rs2', 10, 10],
    ]);
    expect(report?.arp.map(({ host }) => host)).toEqual(['director']);
  });

  it('is what boots: the default is ours, the old entry kept its number, and no trial is open', () => {
    for (const host of nodes) {
      const menu = shell(host, 'cat /boot/grub/grub.conf');
      expect(menu.match(/^title .*$/gm)?.[0]).toBe('title Red Hat Linux (2.4.20-8)');
      const titles = menu.match(/^title .*$/gm) ?? [];
      const chosen = /^default=(\d+)$/m.exec(menu)?.[1];
      expect(titles[Number(chosen)], host).toBe(`title lvsctl ${release}`);
      expect(shell(host, 'ls /var/lib/lvsctl/kernel; ls -d /lib/modules/2.4.20-8')).not.toMatch(/trial/);
    }
  });

  it('leaves nothing to do: the second plan is empty, and so is the one after a reboot of every host', async () => {
    const second = await lvsctl('plan', inventory, '--lab', '--exit-code');
    expect(second.planned).toEqual([]);
    expect(second.status, second.story).toBe(0);
    const reboot = await lvsctl('lab', 'reboot', inventory);
    expect(reboot.status, reboot.story).toBe(0);
    expect(await releases()).toMatchObject({ director: release, rs1: release, rs2: release });
    const third = await lvsctl('plan', inventory, '--lab', '--exit-code');
    expect(third.planned).toEqual([]);
    expect(third.status, third.story).toBe(0);
    const verify = await lvsctl('verify', inventory, '--lab');
    expect(verify.status, verify.story).toBe(0);
    const [report] = verify.of('verify.result').map((event) => event.report);
    expect(report?.shares.map(({ host, answered }) => [host, answered])).toEqual([
      ['rs1', 30],
      ['rs2', 10],
    ]);
  });

  it('has a real server drained, given other weights and given back, and what provision and a reboot do keeps it', async () => {
    const weights = () =>
      shell('director', 'ipvsadm -Ln')
        .split('\n')
        .flatMap((line) => /-> (\S+):21 +Route +(\d+) /.exec(line)?.slice(1).join(' ') ?? [])
        .sort();
    const drain = await lvsctl('drain', inventory, 'rs1', '--lab', '--reason', 'new disk', '--wait', '2m');
    expect(drain.status, drain.story).toBe(0);
    expect(drain.of('weight')).toMatchObject([{ director: 'director', before: 3, after: 0, recorded: true }]);
    expect(drain.of('wait.end')).toMatchObject([{ host: 'rs1', idle: true }]);
    expect(weights()).toEqual(['10.83.33.2 1', '10.83.33.76 0']);
    const provision = await lvsctl('provision', inventory, '--lab');
    expect(provision.status, provision.story).toBe(0);
    expect(provision.planned).toEqual([]);
    const [report] = provision.of('verify.result').map((event) => event.report);
    expect(report?.shares.map(({ host, answered }) => [host, answered])).toContainEqual(['rs2', 40]);
    const reboot = await lvsctl('lab', 'reboot', inventory, 'director');
    expect(reboot.status, reboot.story).toBe(0);
    expect(weights()).toEqual(['10.83.33.2 1', '10.83.33.76 0']);
    const slow = await lvsctl('weight', inventory, 'rs1', 'ftp', '5', '--over', '3s', '--lab');
    expect(slow.of('weight'), slow.story).toMatchObject([{ before: 0, after: 5, recorded: true }]);
    expect(weights()).toEqual(['10.83.33.2 1', '10.83.33.76 5']);
    const back = await lvsctl('undrain', inventory, 'rs1', '--lab');
    expect(back.of('weight'), back.story).toMatchObject([{ before: 5, after: 3, recorded: false }]);
    expect(weights()).toEqual(['10.83.33.2 1', '10.83.33.76 3']);
    const plan = await lvsctl('plan', inventory, '--lab', '--exit-code');
    expect(plan.planned).toEqual([]);
    expect(plan.of('remark').filter(({ text }) => text.includes('drained'))).toEqual([]);
  });
});
