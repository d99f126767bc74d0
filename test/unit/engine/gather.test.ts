import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { factsSections, parseFacts } from '../../../src/engine/gather.js';
import type { ProbeOutput } from '../../../src/engine/resource.js';
import { trusted } from '../../../src/shell/index.js';
import { hostShells } from '../../support/host-shells.js';
import { runIn } from '../../support/shells.js';

const output = (stdout: string): ProbeOutput => ({ stdout, stderr: '', status: 0 });

it('knows the weights that an operator has recorded, as the host prints them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsctl-facts-'));
  const record = join(folder, 'weights');
  const paths = factsSections({ commands: [], paths: [] }).get('facts:paths')?.text ?? '';
  const script = trusted(paths.replaceAll('/var/lib/lvsctl/weights', record));
  for (const shell of hostShells) {
    rmSync(record, { force: true });
    expect(parseFacts(new Map([['facts:paths', runIn(shell, script)]])).recorded).toEqual({
      entries: [],
      unread: [],
    });
    writeFileSync(record, '# comment\nrs1 ftp 0 T alice@ops1 a \\n  b\nnonsense\n');
    const { recorded } = parseFacts(new Map([['facts:paths', runIn(shell, script)]]));
    expect(recorded.entries).toEqual([
      { host: 'rs1', service: 'ftp', weight: 0, when: 'T', who: 'alice@ops1', reason: 'a \\n  b' },
    ]);
    expect(recorded.unread.map(({ text }) => text)).toEqual(['nonsense']);
  }
  rmSync(folder, { recursive: true });
});

describe.each(hostShells)('facts script in $name', (shell) => {
  it('tells the truth about this machine', () => {
    const sections = factsSections({
      commands: ['no-such-command-here'],
      paths: ['/no/such path', '/etc/passwd'],
    });
    const outputs = new Map(
      [...sections].map(([name, script]) => {
        const result = runIn(shell, script);
        expect(result.stderr, name).toBe('');
        expect(result.status, name).toBe(0);
        return [name, result];
      }),
    );
    const facts = parseFacts(outputs);
    expect(facts.hostname).toBe(hostname());
    expect(facts.kernel.release).toBe(readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
    expect(facts.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(Math.abs(facts.epochSeconds - Date.now() / 1000)).toBeLessThan(60);
    expect(facts.memoryKiB).toBeGreaterThan(1000);
    expect(facts.processors).toBeGreaterThan(0);
    expect(facts.interfaces.map(({ name }) => name)).toContain('lo');
    expect(facts.paths.has('/etc/passwd')).toBe(true);
    expect(facts.paths.has('/no/such path')).toBe(false);
    expect(facts.commands.has('no-such-command-here')).toBe(false);
    const sealed = '/proc/sys/kernel/modules_disabled';
    expect(facts.kernel.sealed).toBe(
      facts.paths.has('/proc/modules') && readFileSync(sealed, 'utf8') === '1\n',
    );
  });

  it.each([
    [
      'Linux 2.4',
      ['net/ipv4/ipvs/ip_vs.o', 'net/ipv4/netfilter/ipt_REDIRECT.o', 'net/ipv4/netfilter/iptable_nat.o'],
      ['ip_vs', 'ipt_REDIRECT', 'iptable_nat'],
    ],
    [
      'today',
      [
        'net/netfilter/ipvs/ip_vs.ko.xz',
        'net/netfilter/xt_REDIRECT.ko',
        'net/ipv4/netfilter/arptable_filter.ko.zst',
      ],
      ['arptable_filter', 'ip_vs', 'xt_REDIRECT'],
    ],
    ['a kernel without modules', [], []],
    ['names that are only alike', ['net/ipv4/ipvs/ip_vs_rr.o', 'net/ipv4/netfilter/arptable_filter.c'], []],
  ])('finds module files of %s', (_system, files, names) => {
    const folder = mkdtempSync(join(tmpdir(), 'lvsctl modules-'));
    try {
      for (const file of files) {
        mkdirSync(dirname(join(folder, 'kernel', file)), { recursive: true });
        writeFileSync(join(folder, 'kernel', file), '');
      }
      const script = factsSections({ commands: [], paths: [] }).get('facts:paths')?.text ?? '';
      expect(script).toContain('/lib/modules/$release');
      const result = runIn(shell, trusted(script.replaceAll('/lib/modules/$release', folder)));
      expect(result).toMatchObject({ stderr: '', status: 0 });
      expect([...parseFacts(new Map([['facts:paths', result]])).modules].sort()).toEqual([...names].sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** net-tools 1.60. */
const redHat9Ifconfig = `eth0      Link encap:Ethernet  HWaddr 00:0C:29:AA:BB:CC  
          inet addr:10.83.33.76  Bcast:10.83.33.255  Mask:255.255.255.0
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          RX packets:201 errors:0 dropped:0 overruns:0 frame:0
          TX packets:101 errors:0 dropped:0 overruns:0 carrier:0
          collisions:0 txqueuelen:100 
          RX bytes:18110 (17.6 Kb)  TX bytes:13154 (12.8 Kb)
          Interrupt:9 Base address:0x1080 

eth0:100  Link encap:Ethernet  HWaddr 00:0C:29:AA:BB:CC  
          inet addr:10.83.33.100  Bcast:10.83.33.100  Mask:255.255.255.255
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          Interrupt:9 Base address:0x1080 

eth1      Link encap:Ethernet  HWaddr 00:0C:29:AA:BB:CD  
          BROADCAST MULTICAST  MTU:1500  Metric:1
          RX packets:0 errors:0 dropped:0 overruns:0 frame:0

lo        Link encap:Local Loopback  
          inet addr:127.0.0.1  Mask:255.0.0.0
          UP LOOPBACK RUNNING  MTU:16436  Metric:1

tunl0     Link encap:IPIP Tunnel  HWaddr   
          NOARP  MTU:1480  Metric:1

`;

describe('parseFacts', () => {
  it('reads Red Hat 9, which has neither os-release nor iproute2', () => {
    const facts = parseFacts(
      new Map([
        ['facts:os', output('Red Hat Linux release 9 (Shrike)\n')],
        [
          'facts:kernel',
          output(
            'release 2.4.20-8\nhostname rs1\nboot \nmachine i686\nepoch 1069588800\nprocessors 1\nmemory 125000\nsealed \nipvs none\n',
          ),
        ],
        ['facts:commands', output('ifconfig\nroute\nchkconfig\nservice\nrpm\n')],
        ['facts:paths', output('/etc/rc.d/rc.local\n/etc/sysctl.conf\n')],
        ['facts:network', output(`ifconfig\n${redHat9Ifconfig}`)],
      ]),
    );
    expect(facts.os).toEqual({
      id: 'redhat',
      version: '9',
      name: 'Red Hat Linux release 9 (Shrike)',
      like: ['redhat'],
    });
    expect(facts).toMatchObject({
      init: 'sysv',
      packageManager: undefined,
      bootId: '',
      kernel: { release: '2.4.20-8', machine: 'i686', sealed: false },
      ipvs: { loaded: false, available: false },
    });
    expect(facts.interfaces).toEqual([
      { name: 'eth0', mac: '00:0c:29:aa:bb:cc', mtu: 1500, up: true },
      { name: 'eth1', mac: '00:0c:29:aa:bb:cd', mtu: 1500, up: false },
      { name: 'lo', mac: undefined, mtu: 16436, up: true },
      { name: 'tunl0', mac: undefined, mtu: 1480, up: false },
    ]);
  });

  it('reads net-tools 2.10 as well', () => {
    const today = `ifconfig
eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        inet 10.83.33.76  netmask 255.255.255.0  broadcast 10.83.33.255
        ether 52:54:00:12:34:56  txqueuelen 1000  (Ethernet)

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
`;
    expect(parseFacts(new Map([['facts:network', output(today)]])).interfaces).toEqual([
      { name: 'eth0', mac: '52:54:00:12:34:56', mtu: 1500, up: true },
      { name: 'lo', mac: undefined, mtu: 65536, up: true },
    ]);
  });

  it('takes quotes and several words out of os-release', () => {
    const facts = parseFacts(
      new Map([
        [
          'facts:os',
          output(
            'ID="rocky"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4"\nID_LIKE="rhel centos fedora"\n',
          ),
        ],
      ]),
    );
    expect(facts.os).toEqual({
      id: 'rocky',
      version: '9.4',
      name: 'Rocky Linux 9.4',
      like: ['rhel', 'centos', 'fedora'],
    });
  });

  it('knows a kernel that takes no more modules', () => {
    const sealed = (text: string) => parseFacts(new Map([['facts:kernel', output(text)]])).kernel.sealed;
    expect([sealed('sealed 1\n'), sealed('sealed 0\n'), sealed('sealed \n')]).toEqual([true, false, false]);
  });

  it('gives empty facts for nonsense', () => {
    expect(parseFacts(new Map()).kernel).toEqual({ release: '', machine: '', sealed: false });
    expect(parseFacts(new Map()).modules.size).toBe(0);
    expect(parseFacts(new Map([['facts:kernel', output('\0\n \n=\n')]])).memoryKiB).toBe(0);
  });
});
