import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kernel from '../../../roles/kernel/role.js';
import { noParams } from '../../../roles/noParams.js';
import {
  type ClusterRun,
  type RunEvent,
  runCluster,
  type Store,
  type StoredFile,
} from '../../../src/engine/index.js';
import { definePlaybook } from '../../../src/engine/playbook.js';
import { defineRole } from '../../../src/engine/role.js';
import type { Cluster, OwnKernelProfile } from '../../../src/inventory/cluster.js';
import { kernelBundle, PUBLISHED, parseKernelVersion, profileNamed } from '../../../src/kernel/index.js';
import { cksum } from '../../../src/resources/cksum.js';
import { sh } from '../../../src/shell/index.js';
import { environmentPasswords, openHost } from '../../../src/ssh/index.js';
import { type RemoteShell, startSshd, type TestSshd } from '../../support/sshd.js';
import { type TestLoader, testLoaders } from './loaders.js';

/** Boot tools of the machine that the tests run on: the host has those of a Red Hat 9 instead. */
const hidden =
  /^(grub.*|update-grub|update-initramfs|mkinitr.*|dracut|lilo|grubby|depmod|modprobe|shutdown|reboot|uname|logger|sh|ip|systemctl)$/;

/** What the loader and a kernel do when a machine starts, with files in $D for the machine's memory. */
const bootScript = (choose: string) => `
again=
while :; do
  ${choose}
  echo "boot $image" >> $D/calls
  read -r word release < $image
  grep -q '^logs$' $image && printf 'Nov 25 13:00:01 rs1 kernel: Linux version %s (root@build)\\nNov 25 13:00:02 rs1 kernel: hda: lost interrupt\\n' $release >> /var/log/messages
  grep -q '^panic$' $image || break
  again=1
done
echo $release > $D/osrelease
grep '^feature ' $image > $D/features
: > $D/conf/all/arp_filter
rm -f $D/conf/all/hidden; grep -q '^feature hidden' $image && echo 0 > $D/conf/all/hidden
cat /proc/sys/kernel/random/uuid > $D/boot_id
/bin/sh /etc/rc.d/rc.local
`;

const fakes: Readonly<Record<string, string>> = {
  depmod: `[ "$1 $2" = '-ae -F' ] && [ -s "$3" ] && [ -d "/lib/modules/$4" ] || { echo "depmod: $*" >&2; exit 1; }
[ -e $D/unresolved ] && printf 'depmod: *** Unresolved symbols in /lib/modules/%s/kernel/x.o\\ndepmod: \\tnf_hooks\\n' "$4" >&2
: > /lib/modules/$4/modules.dep`,
  modprobe: `case " $* " in *' ip_vs '*) grep -q '^feature ipvs' $D/features || { echo "Can't locate module ip_vs" >&2; exit 255; } ;; *) exit 255 ;; esac`,
  shutdown: `[ -e $D/stuck ] || . $D/boot`,
  reboot: `[ -e $D/stuck ] || . $D/boot`,
  uname: `[ "$1" = -r ] && exec cat $D/osrelease; exec /bin/uname "$@"`,
  logger: '',
};

const profile: OwnKernelProfile = {
  version: '2.4.20',
  source: { file: '/none', sha256: '' },
  patches: [],
  flavour: '2.4',
  base: 'defconfig',
  options: { IP_VS: 'm' },
  image: { target: 'bzImage', path: 'bzImage' },
  arp: 'hidden',
};

function built(folder: string) {
  const cluster = { kernelProfiles: { tiny: profile } };
  const found = profileNamed('tiny', cluster);
  if (!found) throw new Error('no profile');
  return { folder, bundle: kernelBundle(found, '', new Map()) };
}

/** busybox whose shell looks for our fakes, since its own programs of that name are now called otherwise (one letter lower, so in order). */
function withoutApplets(busybox: string): Buffer {
  const bytes = readFileSync(busybox);
  for (const name of Object.keys(fakes)) {
    const at = bytes.indexOf(`\0${name}\0`, bytes.indexOf('\0arping\0'));
    if (at >= 0) bytes.writeUInt8(bytes.readUInt8(at + name.length) - 1, at + name.length);
  }
  return bytes;
}

/** A machine that can be booted, with GRUB 0.93 and Linux 2.4.20-8 on it, as far as scripts can tell; behind a real sshd. */
export class Bootable {
  readonly bundle = built('').bundle;
  /** Files of the bundle's kernel image, line by line, behind its first. */
  features: readonly string[] = ['feature ipvs 1.0.9 65536', 'feature hidden'];
  withinSeconds = 60;

  private constructor(
    readonly folder: string,
    readonly sshd: TestSshd,
    readonly loader: TestLoader,
  ) {}

  static async start(
    shell: RemoteShell,
    { loader = testLoaders.grub, bootKiB = 65536 }: { loader?: TestLoader; bootKiB?: number } = {},
  ): Promise<Bootable> {
    const folder = mkdtempSync(join(tmpdir(), 'lvsctl-bootable-'));
    chmodSync(folder, 0o755);
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const place of ['/usr/sbin', '/usr/bin', '/sbin', '/bin'])
      for (const name of readdirSync(place))
        if (!hidden.test(name) && !existsSync(join(bin, name)))
          symlinkSync(join(place, name), join(bin, name));
    const program = execFileSync('which', [shell], { encoding: 'utf8' }).trim();
    if (shell === 'busybox') writeFileSync(join(bin, 'sh'), withoutApplets(program), { mode: 0o755 });
    else symlinkSync(program, join(bin, 'sh'));
    for (const [name, script] of Object.entries({ ...fakes, ...loader.commands }))
      writeFileSync(
        join(bin, name),
        `#!/bin/sh\nD=${folder}\nPATH=$D/bin:/usr/sbin:/usr/bin:/sbin:/bin\necho "${name} $*" >> $D/calls\n${script}\n`,
        { mode: 0o755 },
      );
    writeFileSync(join(folder, 'boot'), bootScript(loader.choose));
    writeFileSync(join(folder, 'boot_id'), `${crypto.randomUUID()}\n`);
    writeFileSync(join(folder, 'osrelease'), `${loader.running}\n`);
    const files = Object.entries({ ...loader.files, [loader.config]: loader.text });
    for (const [i, [, text]] of files.entries())
      writeFileSync(join(folder, `file${i}`), Buffer.from(text, 'latin1'));
    for (const name of ['features', 'calls', 'once', 'messages']) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, 'conf/all'), { recursive: true });
    for (const name of ['boot', 'modules', 'log'])
      mkdirSync(join(folder, `mnt/${name}`), { recursive: true });
    const machine = `
D=${folder}
mkdir -p $root/boot $root/lib/modules $root/run/systemd
mount -t tmpfs -o size=${bootKiB}k tmpfs $root/boot
rm -rf $root/lib/modules; mkdir -p $root/lib/modules/${loader.running}
mount -t tmpfs tmpfs $root/run/systemd
rm -rf $root/var/log; mkdir $root/var/log; : > $root/var/log/messages
rm -f $root/etc/debian_version $root/etc/os-release; echo 'Red Hat Linux release 9 (Shrike)' > $root/etc/redhat-release
: > $root/etc/fstab; mkdir -p $root/etc/rc.d; echo '#!/bin/sh' > $root/etc/rc.d/rc.local; chmod 755 $root/etc/rc.d/rc.local
mkdir $root/boot/grub
${files.map(([path], i) => `cp ${folder}/file${i} $root${path}`).join('\n')}
echo 'lvsctl-twin-kernel ${loader.running}' > $root/boot/vmlinuz-${loader.running}; echo initrd > $root/boot/initrd-${loader.running}.img
${loader.machine ?? ''}
mount --bind ${folder}/boot_id $root/proc/sys/kernel/random/boot_id
mount --bind ${folder}/osrelease $root/proc/sys/kernel/osrelease
mount --bind ${folder}/conf $root/proc/sys/net/ipv4/conf`;
    const sshd = await startSshd({
      hostKeyTypes: ['ed25519'],
      config: [`SetEnv SHLVL=2 PATH=${bin}`],
      machine,
    });
    return new Bootable(folder, sshd, loader);
  }

  /** What one finds there. */
  on(command: string): string {
    return this.sshd.inside(`PATH=${this.folder}/bin; ${command}`);
  }

  /** A file's text, a character a byte. */
  read(path: string): string {
    return Buffer.from(this.on(`base64 ${path}`), 'base64').toString('latin1');
  }

  calls(): string[] {
    return readFileSync(join(this.folder, 'calls'), 'utf8').trim().split('\n');
  }

  boots(): string[] {
    return this.calls().filter((call) => call.startsWith('boot '));
  }

  /** A file in the machine's memory that makes a fake behave otherwise. */
  set(name: 'stuck' | 'unresolved' | 'grub-is-old', on: boolean): void {
    if (on) appendFileSync(join(this.folder, name), '');
    else rmSync(join(this.folder, name), { force: true });
  }

  #stored(): StoredFile {
    const { release: name } = this.bundle;
    const root = join(this.folder, 'bundle');
    rmSync(root, { recursive: true, force: true });
    mkdirSync(join(root, 'boot'), { recursive: true });
    mkdirSync(join(root, 'lib/modules', name, 'kernel'), { recursive: true });
    writeFileSync(
      join(root, 'boot/vmlinuz'),
      [`lvsctl-twin-kernel ${name}`, ...this.features, ''].join('\n'),
    );
    writeFileSync(join(root, 'boot/System.map'), 'c0100000 T _text\n');
    writeFileSync(join(root, 'boot/config'), 'CONFIG_IP_VS=m\n');
    writeFileSync(join(root, 'lib/modules', name, 'kernel/ip_vs.o'), 'ip_vs\n');
    const path = join(this.folder, 'bundle.tar.gz');
    execFileSync('tar', ['czf', path, '-C', root, 'boot', 'lib']);
    const bytes = readFileSync(path);
    return {
      name: this.bundle.name,
      path,
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      cksum: cksum(bytes),
    };
  }

  /** One run of lvsctl, in which the survey wants the tiny kernel wherever no kernel of lvsctl's runs. */
  async run(command: 'plan' | 'provision', options: { built?: boolean; of?: Partial<ClusterRun> } = {}) {
    const host = {
      ...this.sshd.host(),
      kernel: { rebuild: true, rebootWithinSeconds: this.withinSeconds },
    };
    const cluster: Cluster = {
      name: 'test',
      file: '/tmp/inventory.ts',
      hosts: new Map([[host.name, host]]),
      services: [],
      probes: [],
      roles: {},
      kernelProfiles: { tiny: profile },
    };
    const survey = defineRole({
      name: 'survey',
      description: 'what wants a kernel',
      params: noParams,
      appliesTo: () => true,
      resources: () => [],
      publish: ({ facts }): Record<string, ReturnType<typeof sh>> =>
        parseKernelVersion(facts.kernel.release)?.origin === 'own'
          ? {}
          : { [PUBLISHED.profile]: sh`echo tiny` },
    });
    const stored = this.#stored();
    const store: Store = {
      files: options.built === false ? new Map() : new Map([[stored.name, stored]]),
      look: async () => [],
      ensure: async () => {},
      keep: () => Promise.reject(new Error('nothing is kept')),
      read: ({ path }) => createReadStream(path),
    };
    const events: RunEvent[] = [];
    const outcome = await runCluster({
      command,
      cluster,
      playbook: definePlaybook({
        name: 'test',
        verify: false,
        stages: [
          { name: 'survey', hosts: 'all', roles: [survey] },
          { name: 'kernel', hosts: 'all', roles: [kernel], strategy: 'rolling' },
        ],
      }),
      forks: 1,
      connections: 1,
      open: (one) => openHost(one, { passwords: environmentPasswords({}) }),
      openStore: async () => store,
      sink: (event) => events.push(event),
      signal: new AbortController().signal,
      reconnectDelays: [50, 200, 500],
      rebootPollMs: 200,
      ...options.of,
    });
    const of = <T extends RunEvent['type']>(type: T) =>
      events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
    return { outcome, of };
  }

  async stop(): Promise<void> {
    await this.sshd.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
