import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Facts } from '../../src/engine/facts.js';
import { lackedCommands } from '../../src/lab/redhat9/commands.js';
import { listening, until } from './support/faults/fault.js';
import { lvsctl, onHost } from './support/program.js';

/** The shipped inventory of Red Hat 9 hosts as a lab: what the hosts are, what they lack, and how they boot. */
const shipped = fileURLToPath(new URL('../../inventory.redhat9.ts', import.meta.url));
const name = `rh9-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-redhat9-'));
const inventory = join(folder, 'inventory.ts');
const state = (host: string) => `/var/lib/lvsctl-lab/${name}/hosts/${host}`;

const path = 'PATH=/sbin:/bin:/usr/sbin:/usr/bin; export PATH';

/** Runs a script as the engine would, with root's PATH. */
function run(host: string, script: string): string {
  const { status, stdout, stderr } = onHost(inventory, host, `${path}\n${script}`);
  expect(status, `${host}: ${script}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

async function status(host: string) {
  const { of } = await lvsctl('lab', 'status', inventory);
  return of('facts').find((event) => event.host === host)?.facts as unknown as {
    state: string;
    boots: number;
  };
}

async function facts(): Promise<Map<string, Facts>> {
  const outcome = await lvsctl('facts', inventory, '--lab');
  expect(outcome.status, outcome.story).toBe(0);
  return new Map(outcome.of('facts').map(({ host, facts }) => [host, facts as unknown as Facts]));
}

/** A twin kernel as entry 1, that the next boot tries once. */
const twin = (release: string, features: string, words = '') => `
[ -f /root/grub.conf ] || cp /boot/grub/grub.conf /root/grub.conf
cp /root/grub.conf /boot/grub/grub.conf
printf '%s\\n' 'lvsctl-twin-kernel ${release}' ${features} >/boot/vmlinuz-${release}
folder=/lib/modules/${release}/kernel/net/ipv4/ipvs
mkdir -p $folder
printf '%s\\n' 'lvsctl-twin-module ip_vs' 'needs nf_register_hook' 'exports register_ip_vs_scheduler' >$folder/ip_vs.o
printf '%s\\n' 'lvsctl-twin-module ip_vs_wrr' 'needs register_ip_vs_scheduler' >$folder/ip_vs_wrr.o
depmod -ae -F /boot/System.map-2.4.20-8 ${release}
mkinitrd -f /boot/initrd-${release}.img ${release}
printf 'title twin\\n\\troot (hd0,0)\\n\\tkernel /boot/vmlinuz-${release} ro root=LABEL=/ ${words}\\n\\tinitrd /boot/initrd-${release}.img\\n' \\
  >>/boot/grub/grub.conf
echo 'savedefault --default=1 --once' | grub --batch --no-floppy
`;

beforeAll(async () => {
  const text = readFileSync(shipped, 'utf8').replace("name: 'redhat9'", `name: '${name}'`);
  expect(text).toContain(name);
  writeFileSync(inventory, text);
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
});

afterAll(async () => {
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

describe('a Red Hat 9 host of the lab', () => {
  it('is one by its facts, and the client is none', async () => {
    const all = await facts();
    for (const host of ['director', 'rs1', 'rs2']) {
      const own = all.get(host);
      expect(own).toMatchObject({
        hostname: host,
        os: { id: 'redhat', version: '9', name: 'Red Hat Linux release 9 (Shrike)' },
        init: 'sysv',
        kernel: { release: '2.4.20-8', machine: 'i686' },
        ipvs: { loaded: false, available: false },
      });
      expect(own?.packageManager).toBeUndefined();
      expect(own?.interfaces.map((nic) => nic.name).sort()).toEqual(['eth0', 'lo']);
      expect(own?.interfaces.find((nic) => nic.name === 'eth0')).toMatchObject({ up: true, mac: /^02:/ });
      const paths = [...(own?.paths ?? [])];
      expect(paths).toContain('/etc/rc.d/rc.local');
      expect(paths.filter((one) => /arp_|hidden|ipv6|sysctl\.d|systemd/.test(one))).toEqual([]);
      const commands = [...(own?.commands ?? [])];
      expect(commands).toEqual(expect.arrayContaining(['ifconfig', 'route', 'arp', 'chkconfig', 'service']));
      expect(commands.filter((one) => one in lackedCommands)).toEqual([]);
    }
    expect(all.get('client')).toMatchObject({ os: { id: 'debian' }, init: 'systemd' });
  });

  it('has none of the commands that came later, wherever a PATH may look', () => {
    const names = Object.keys(lackedCommands).join(' ');
    expect(run('rs1', `for c in ${names}; do command -v $c; done; :`)).toBe('');
    expect(run('client', `for c in ${names}; do command -v $c; done; :`)).not.toBe('');
    expect(run('rs1', `for c in ${names}; do ls /bin/$c /sbin/$c /usr/*bin/$c; done 2>/dev/null; :`)).toBe(
      '',
    );
  });

  it('refuses flags that came later, and takes those of its time', () => {
    const refused = [
      "echo x | sed -E 's/(x)/y/'",
      "echo x | sed -ne 's/x/E/p' -E",
      'cp -n /etc/fstab /tmp/x',
      'find /etc -name fstab -delete',
      'tar -xJf /tmp/x.tar.xz',
      'tar xf /tmp/x.tar.gz',
      'sort -V /etc/fstab',
      'head -n -1 /etc/fstab',
      'mktemp',
      'sysctl --system',
      'ps --ppid 1',
    ];
    const script = refused.map((command) => `(${command}) 2>&1; echo "= $?"`).join('\n');
    const answers = run('rs1', script)
      .split(/= (\d+)\n/)
      .slice(0, -1);
    expect(answers.length).toBe(refused.length * 2);
    refused.forEach((command, n) => {
      expect(answers[2 * n], command).toContain('invalid option');
      expect(answers[2 * n + 1], command).toBe('1');
    });
    const taken = [
      "echo x | sed -re 's/(x)/y/'",
      'tar czf /tmp/x.tar.gz /etc/fstab 2>/dev/null && tar -tzf /tmp/x.tar.gz >/dev/null',
      'stat -c %s /etc/fstab',
      'mktemp /tmp/x.XXXXXX',
      'sort -k 2 -t " " -n /etc/fstab',
      'find /etc -maxdepth 1 -name fstab -exec ls {} \\;',
      'sysctl -w net.ipv4.ip_forward=1',
      'gcc -dumpversion | grep -x 3.2.2',
    ];
    run('rs1', `set -e\n${taken.map((command) => `(${command})`).join('\n')}`);
  });

  it('speaks the SSH of its time alone', () => {
    const ssh = ['netns', 'exec', `lvs-${name}`, 'ssh', '-F', '/dev/null', '-o', 'BatchMode=yes'];
    const modern = spawnSync('ip', [...ssh, '-o', 'StrictHostKeyChecking=no', 'root@10.83.33.76', 'true'], {
      encoding: 'utf8',
    });
    expect(modern.stderr).toMatch(/no matching key exchange method.*diffie-hellman-group1-sha1/);
  });

  it('balances nothing with its own kernel, loads its own modules, and says which these are', () => {
    const answer = onHost(inventory, 'rs1', `${path}\nmodprobe ip_vs`);
    expect(answer).toMatchObject({
      status: 255,
      stderr: expect.stringContaining("Can't locate module ip_vs"),
    });
    expect(run('rs1', 'modprobe ipip && lsmod && ls /proc/sys/net/ipv4/conf')).toMatch(
      /\nipip +\d+ .*tunl0/s,
    );
    expect(run('rs1', 'iptables -t nat -L -n')).toContain('Chain PREROUTING');
  });

  it('compiles, packs, and answers for its packages', () => {
    run(
      'rs1',
      `cd /tmp && echo 'int main(){return 7;}' >a.c && printf 'a: a.c\\n\\tgcc -o a a.c\\n' >Makefile && make && { ./a; [ $? = 7 ]; }`,
    );
    expect(run('rs1', 'rpm -q vsftpd; rpm -q ipvsadm || :')).toBe(
      'vsftpd-1.1.3-8\npackage ipvsadm is not installed\n',
    );
  });

  it('runs vsftpd by service and chkconfig, with settings of its time', () => {
    const config =
      'listen=YES\nanonymous_enable=YES\nftpd_banner=hello\nsecure_chroot_dir=/usr/share/empty\n';
    run(
      'rs2',
      `printf '${config.replaceAll('\n', '\\n')}' >/etc/vsftpd/vsftpd.conf; chkconfig --level 2345 vsftpd on`,
    );
    run('rs2', 'service vsftpd start >/dev/null 2>&1 </dev/null; /etc/init.d/vsftpd status');
    // Its script does not wait until it listens.
    run('rs2', until(listening(21)));
    expect(run('client', 'printf "QUIT\\r\\n" | nc -w 30 10.83.33.2 21')).toContain('220 hello');
    expect(run('rs2', 'chkconfig --list vsftpd')).toMatch(/2:on.*3:on/);
    const later = onHost(inventory, 'rs2', `echo seccomp_sandbox=NO >/tmp/c; /usr/sbin/vsftpd /tmp/c`);
    expect(later.stdout).toContain('unrecognised variable in config file: seccomp_sandbox');
  });
});

describe('its boot loader', () => {
  it('tries a kernel once, with IPVS and hidden as the kernel has them, and goes back', async () => {
    run('director', 'echo "echo by rc.local >/root/booted" >>/etc/rc.local');
    expect(
      run('director', twin('2.4.20-lvs1', "'feature ipvs 1.0.9 65536' 'feature hidden'", 'panic=30')),
    ).not.toContain('Error');
    expect((await lvsctl('lab', 'reboot', inventory, 'director')).status).toBe(0);
    const tried = (await facts()).get('director');
    expect(tried?.kernel.release).toBe('2.4.20-lvs1');
    expect(tried?.ipvs).toMatchObject({ available: true, loaded: false });
    const paths = [...(tried?.paths ?? [])].filter((one) => one.includes('/conf/'));
    expect(paths).toEqual(['/proc/sys/net/ipv4/conf/all/hidden']);
    expect(run('director', 'cat /root/booted /proc/sys/kernel/panic /proc/cmdline')).toBe(
      'by rc.local\n30\nro root=LABEL=/ panic=30\n',
    );
    const asked = 'ip neigh flush all; ping -c 1 -W 5 10.83.33.100 >/dev/null; ip neigh show 10.83.33.100';
    const flags = (value: number) =>
      `for i in all lo; do echo ${value} >/proc/sys/net/ipv4/conf/$i/hidden; done`;
    run('director', `${flags(1)}; ifconfig lo:0 10.83.33.100 netmask 255.255.255.255 up`);
    expect(run('client', asked)).not.toContain('lladdr');
    run('director', flags(0));
    expect(run('client', asked)).toContain('lladdr');
    expect(run('director', 'modprobe ip_vs_wrr && cat /proc/net/ip_vs')).toContain(
      'IP Virtual Server version 1.0.9 (size=65536)',
    );
    const ipvsadm = '/usr/lib/redhat9/real/ipvsadm';
    const listed = onHost(inventory, 'director', `${ipvsadm} -A -t 10.83.33.100:21 -s wrr && ${ipvsadm} -Ln`);
    expect(listed).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^IP Virtual Server version 1\.0\.9 \(size=65536\)\n.*:21 wrr/s),
      stderr: '',
    });
    expect((await lvsctl('lab', 'reboot', inventory, 'director')).status).toBe(0);
    expect((await facts()).get('director')).toMatchObject({
      kernel: { release: '2.4.20-8' },
      ipvs: { available: false },
    });
  });

  it('comes back to the default by itself after a kernel that panics', async () => {
    run('rs1', twin('2.4.20-lvs2', "'feature panic'", 'panic=3'));
    const { boots } = await status('rs1');
    expect((await lvsctl('lab', 'reboot', inventory, 'rs1')).status).toBe(0);
    expect((await status('rs1')).boots).toBe(boots + 2);
    expect(readFileSync(join(state('rs1'), 'console.log.previous'), 'utf8')).toContain(
      'Kernel panic - not syncing',
    );
    expect((await facts()).get('rs1')?.kernel.release).toBe('2.4.20-8');
  });

  it('stays away with a kernel that hangs, or panics without panic=, until a reset', async () => {
    const kernels = {
      rs1: twin('2.4.20-lvs3', "'feature panic'"),
      rs2: twin('2.4.20-lvs3', "'feature hang'", 'panic=3'),
    };
    for (const [host, kernel] of Object.entries(kernels)) {
      run(host, kernel);
      run(host, '(sleep 1; shutdown -r now) </dev/null >/dev/null 2>&1 &');
    }
    const console = (host: string) => readFileSync(join(state(host), 'console.log'), 'utf8');
    while ((await status('rs1')).state !== 'failed' || !console('rs2').includes('this kernel hangs'))
      await sleep(200);
    // Nothing brings them back by itself.
    await sleep(4000);
    expect(await status('rs1')).toMatchObject({ state: 'failed' });
    expect(await status('rs2')).toMatchObject({ state: 'booting' });
    expect((await lvsctl('lab', 'reset', inventory, 'rs1', 'rs2')).status).toBe(0);
    const all = await facts();
    for (const host of Object.keys(kernels)) expect(all.get(host)?.kernel.release).toBe('2.4.20-8');
    expect(run('rs2', '/etc/init.d/vsftpd status')).toContain('running');
  });

  it('starts a real kernel, with its modules, and the loader again after it', async () => {
    const release = execFileSync('linux.uml', ['--version'], { encoding: 'utf8' }).trim();
    run(
      'director',
      `mount -t hostfs image /mnt && cp /mnt/linux /boot/vmlinuz-${release} && umount /mnt
      cp -a /usr/lib/redhat9/uml/lib/modules/${release} /lib/modules/ && depmod -a ${release}
      printf 'title real\\n\\tkernel /boot/vmlinuz-${release} ro panic=5 lab_test=here\\n' >>/boot/grub/grub.conf
      echo 'savedefault --default=2 --once' | grub --batch --no-floppy`,
    );
    const { boots } = await status('director');
    expect((await lvsctl('lab', 'reboot', inventory, 'director')).status).toBe(0);
    expect((await status('director')).boots).toBe(boots + 2);
    const real = (await facts()).get('director');
    expect(real?.kernel).toMatchObject({ release, machine: 'x86_64' });
    expect(real?.ipvs.available).toBe(true);
    expect([...(real?.paths ?? [])]).toContain('/proc/sys/net/ipv4/conf/all/arp_ignore');
    expect(run('director', 'cat /proc/cmdline; modprobe ip_vs && grep -c . /proc/net/ip_vs')).toMatch(
      /lab_test=here/,
    );
    expect((await lvsctl('lab', 'reboot', inventory, 'director')).status).toBe(0);
    expect((await facts()).get('director')?.kernel.release).toBe('2.4.20-8');
  });
});
