import { describe, expect, it } from 'vitest';
import site from '../../../playbooks/site.js';
import { directorScript } from '../../../roles/director/script.js';
import { arp, director, forwarding, ftp, ipvsadm, probe, realserver } from '../../../roles/index.js';
import { neighbourOf } from '../../../roles/vips.js';
import type { Facts } from '../../../src/engine/facts.js';
import { LvsctlError } from '../../../src/errors.js';
import { type RecordedWeight, renderRecord } from '../../../src/ipvs/index.js';
import { alpine, debian, redhat9, systems } from '../resources/facts.js';
import { nothingChanging, said } from '../resources/shells.js';
import { host, hostOf, service, tutorial } from './cluster.js';
import { changeOf, ids, input, writtenText } from './play.js';

const cluster = tutorial();
const nat = tutorial({ services: [service({ forwarding: 'nat' })] });
const tun = tutorial({ services: [service({ forwarding: 'tun' })] });
const v6 = tutorial({ services: [service({ vip: 'fd00:7::110' })] });

function withPaths(facts: Facts, remove: readonly string[], add: readonly string[] = []): Facts {
  return { ...facts, paths: new Set([...[...facts.paths].filter((path) => !remove.includes(path)), ...add]) };
}

describe('which roles apply', () => {
  const rolesOf = (name: string, of = cluster): string[] =>
    [arp, forwarding, realserver, ipvsadm, director, ftp, probe]
      .filter((role) => role.appliesTo(hostOf(of, name), of))
      .map((role) => role.name);

  it.each([
    ['director', ['ipvsadm', 'director']],
    ['rs1', ['arp', 'realserver', 'ftp']],
    ['rs2', ['arp', 'realserver', 'ftp']],
    ['client', ['probe']],
  ])('%s', (name, names) => expect(rolesOf(name)).toEqual(names));

  it('NAT needs no VIP on its real servers, but a route', () => {
    expect(rolesOf('rs1', nat)).toEqual(['realserver', 'ftp']);
    expect(rolesOf('director', nat)).toEqual(['forwarding', 'ipvsadm', 'director']);
    const routed = tutorial({ services: [service({ forwarding: 'nat', gateway: false })] });
    expect(rolesOf('rs1', routed)).toEqual(['ftp']);
    expect(rolesOf('director', routed)).toEqual(['forwarding', 'ipvsadm', 'director']);
  });
  it('IPv6 needs no ARP flags', () => expect(rolesOf('rs1', v6)).toEqual(['realserver', 'ftp']));
  it('a director that is its own real server holds the VIP as a director', () => {
    const local = tutorial({
      services: [
        service({ realServers: [{ host: 'director', address: '10.83.33.83', port: 21, weight: 1 }] }),
      ],
    });
    expect(rolesOf('director', local)).toEqual(['ipvsadm', 'director', 'ftp']);
  });
  it('no FTP without its parameters, or on another port', () => {
    expect(rolesOf('rs1', tutorial({ roles: {} }))).not.toContain('ftp');
    const web = tutorial({
      services: [
        service({ port: 80, realServers: [{ host: 'rs1', address: '10.83.33.76', port: 80, weight: 1 }] }),
      ],
    });
    expect(rolesOf('rs1', web)).not.toContain('ftp');
  });
});

it('a real server that lvsctl does not log in to is in the director’s table as ready', () => {
  const hosts = [...cluster.hosts.values()].map((one) =>
    one.name === 'rs2' ? host('rs2', one.address, { os: 'windows' }) : one,
  );
  const mixed = tutorial({ hosts });
  const resources = director.resources(input(director, mixed, 'director', debian));
  expect(writtenText(resources, '/etc/lvsctl/director.sh')).toContain('-r 10.83.33.2:21');
  expect(director.remarks?.(input(director, mixed, 'director', debian))).toEqual([]);
});

describe('arp', () => {
  const flags = [
    'sysctl net.ipv4.conf.all.arp_ignore',
    'sysctl net.ipv4.conf.all.arp_announce',
    'sysctl net.ipv4.conf.eth0.arp_ignore',
    'sysctl net.ipv4.conf.eth0.arp_announce',
  ];
  const conf = '/proc/sys/net/ipv4/conf/all';

  it.each(systems)('sets the flags of all and the NIC, now and at boot: %s', (_, facts) => {
    const resources = arp.resources(input(arp, cluster, 'rs1', facts));
    expect(ids(resources)).toEqual([...flags, 'sysctl.conf arp']);
    expect(
      flags.map((id) => changeOf(resources, id, 'is 0\n')?.summary.replace(/.* to (\d) .*/, '$1')),
    ).toEqual(['1', '2', '1', '2']);
  });

  it('uses the hidden patch where the flags are unknown', () => {
    const old = withPaths(redhat9, [`${conf}/arp_ignore`, `${conf}/arp_announce`], [`${conf}/hidden`]);
    expect(ids(arp.resources(input(arp, cluster, 'rs1', old)))).toEqual([
      'sysctl net.ipv4.conf.all.hidden',
      'sysctl net.ipv4.conf.lo.hidden',
      'sysctl.conf arp',
    ]);
  });

  it('takes a NIC with a dot in its name for what it is', () => {
    const vlan = tutorial({
      hosts: [host('director', '10.83.33.83'), host('rs1', '10.83.33.76', { interface: 'eth0.5' })],
    });
    expect(ids(arp.resources(input(arp, vlan, 'rs1', debian)))).toContain(
      'sysctl net/ipv4/conf/eth0.5/arp_ignore',
    );
  });
});

describe('realserver', () => {
  it.each([
    [
      'debian',
      debian,
      [
        'file /etc/lvsctl/realserver.sh',
        'file /etc/systemd/system/lvsctl-realserver.service',
        'enabled lvsctl-realserver.service',
      ],
    ],
    ['redhat9', redhat9, ['file /etc/lvsctl/realserver.sh', 'block /etc/rc.d/rc.local realserver']],
    [
      'alpine',
      alpine,
      ['file /etc/lvsctl/realserver.sh', 'file /etc/local.d/lvsctl-realserver.start', 'service local'],
    ],
  ])('%s', (_, facts, boot) => {
    const route = facts === redhat9 ? ['route 10.83.33.100'] : [];
    expect(ids(realserver.resources(input(realserver, cluster, 'rs1', facts)))).toEqual([
      'sysctl net.ipv4.ip_forward',
      'address 10.83.33.100 on lo',
      ...route,
      'sysctl.conf realserver',
      ...boot,
    ]);
  });

  it.each([
    ['6.1.0-13-amd64', 2],
    ['2.6.32-431.el6', 2],
    ['2.6.18-398.el5', 0],
    ['2.4.28', 0],
  ])('opens the tunnel for LVS-TUN on Linux %s with rp_filter %i', (release, value) => {
    const facts = { ...debian, kernel: { ...debian.kernel, release } };
    const resources = realserver.resources(input(realserver, tun, 'rs1', facts));
    expect(ids(resources).slice(1, 5)).toEqual([
      'module ipip',
      'file /etc/modules-load.d/lvsctl-realserver.conf',
      'link tunl0',
      'sysctl net.ipv4.conf.tunl0.rp_filter',
    ]);
    expect(changeOf(resources, 'sysctl net.ipv4.conf.tunl0.rp_filter', 'is 1\n')?.summary).toContain(
      `to ${value} `,
    );
  });

  it.each(systems)('puts the flags before the VIP in the boot script: %s', (_, facts) => {
    const text = writtenText(
      realserver.resources(input(realserver, cluster, 'rs1', facts)),
      '/etc/lvsctl/realserver.sh',
    );
    expect(text.indexOf('put 1 net/ipv4/conf/all/arp_ignore')).toBeGreaterThan(0);
    expect(text.indexOf('hold 10.83.33.100')).toBeGreaterThan(
      text.indexOf('put 2 net/ipv4/conf/eth0/arp_announce'),
    );
  });
});

describe('ipvsadm', () => {
  it('loads ip_vs and each scheduler in use', () => {
    const two = tutorial({ services: [service(), service({ name: 'web', port: 80, scheduler: 'wlc' })] });
    expect(ids(ipvsadm.resources(input(ipvsadm, two, 'director', debian)))).toEqual([
      'packages ipvsadm',
      'module ip_vs',
      'module ip_vs_wlc',
      'module ip_vs_wrr',
      'file /etc/modules-load.d/lvsctl-ipvsadm.conf',
    ]);
  });

  it('loads the persistence engine, and says who wants what the kernel lacks', () => {
    const sip = service({
      name: 'sip',
      port: 5060,
      protocol: 'udp',
      scheduler: 'twos',
      persistence: { seconds: 60, engine: 'sip' },
    });
    const two = tutorial({ services: [service(), sip] });
    const resources = ipvsadm.resources(input(ipvsadm, two, 'director', debian));
    expect(ids(resources).filter((id) => id.startsWith('module '))).toEqual([
      'module ip_vs',
      'module ip_vs_pe_sip',
      'module ip_vs_twos',
      'module ip_vs_wrr',
    ]);
    const hint = (module: string) => {
      try {
        changeOf(resources, `module ${module}`, 'missing 6.1.0\n');
      } catch (error) {
        return error instanceof LvsctlError ? error.hint : error;
      }
      return undefined;
    };
    expect(hint('ip_vs_twos')).toBe(
      'choose another scheduler for sip, or boot a kernel that has it (CONFIG_IP_VS_TWOS)',
    );
    expect(hint('ip_vs_pe_sip')).toBe(
      'take `engine` out of sip, or boot a kernel that has it (CONFIG_IP_VS_PE_SIP)',
    );
  });

  it('says what to do about a kernel without IPVS', () => {
    const none = { ...debian, ipvs: { loaded: false, available: false, version: undefined } };
    expect(() => ipvsadm.resources(input(ipvsadm, cluster, 'director', none))).toThrow('has no IPVS');
  });
});

describe('director', () => {
  const values = (of: typeof cluster): Record<string, string | undefined> => {
    const resources = director.resources(input(director, of, 'director', debian));
    return Object.fromEntries(
      ids(resources)
        .filter((id) => /^sysctl net\.(?!ipv4\.vs\.)/.test(id))
        .map((id) => [
          id.slice('sysctl net.'.length),
          /to (\d)/.exec(changeOf(resources, id, 'is 7\n')?.summary ?? '')?.[1],
        ]),
    );
  };

  it('has the tutorial’s settings for DR, and a router’s for NAT', () => {
    expect(values(cluster)).toEqual({
      'ipv4.ip_forward': '0',
      'ipv4.conf.all.send_redirects': '1',
      'ipv4.conf.default.send_redirects': '1',
      'ipv4.conf.eth0.send_redirects': '1',
    });
    expect(values(tun)).toEqual(values(cluster));
    expect(values(nat)).toEqual({
      'ipv4.ip_forward': '1',
      'ipv4.conf.all.send_redirects': '0',
      'ipv4.conf.default.send_redirects': '0',
      'ipv4.conf.eth0.send_redirects': '0',
    });
    expect(values(v6)).toEqual({});
  });

  it('lets a drained server become idle, as far as the kernel can', () => {
    const vs = (of: typeof cluster, release: string) => {
      const facts = { ...debian, kernel: { ...debian.kernel, release } };
      return director
        .resources(input(director, of, 'director', facts))
        .filter(({ id }) => id.startsWith('sysctl net.ipv4.vs.'))
        .map((resource) => resource.plan(said('is 7\n'), nothingChanging)?.summary);
    };
    const lasting = tutorial({ services: [service({ persistence: { seconds: 300 } })] });
    const template = 'set net.ipv4.vs.expire_quiescent_template to 1 (is 7)';
    const reuse = 'set net.ipv4.vs.conn_reuse_mode to 2 (is 7)';
    expect(vs(lasting, '6.1.0-13-amd64')).toEqual([template, reuse]);
    expect(vs(lasting, '2.6.32-754.el6')).toEqual([template]);
    expect(vs(lasting, '2.4.37.11')).toEqual([]);
    expect(vs(cluster, '6.1.0-13-amd64')).toEqual([reuse]);
    expect(vs(nat, '6.1.0-13-amd64')).toEqual([]);
  });

  it('has the table before the VIP', () => {
    const all = ids(director.resources(input(director, cluster, 'director', debian)));
    expect(all.indexOf('ipvs table')).toBeGreaterThan(0);
    expect(all.indexOf('address 10.83.33.100 on eth0')).toBeGreaterThan(all.indexOf('ipvs table'));
  });

  it('installs arping only where there is none', () => {
    expect(ids(director.resources(input(director, cluster, 'director', debian)))[0]).toBe('packages arping');
    expect(ids(director.resources(input(director, cluster, 'director', alpine)))).not.toContain(
      'packages arping',
    );
  });

  it('names the interfaces that are there when the NIC is not', () => {
    const other = tutorial({
      hosts: [host('director', '10.83.33.83', { interface: 'ens3' }), host('rs1', '10.83.33.76')],
    });
    expect(() => director.resources(input(director, other, 'director', debian))).toThrow(
      'there is no interface ens3 on director',
    );
  });

  it('holds a real server back that is not ready, and says so', () => {
    const unready = new Map([['rs1', 'packages ftp: failed']]);
    const given = input(director, cluster, 'director', debian, { unready });
    expect(director.remarks?.(given)).toEqual(['rs1 is held back from ftp: packages ftp: failed']);
    const table = director.resources(given).find((one) => one.id === 'ipvs table');
    const empty =
      'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';
    const change = table?.plan(said(`@@ proc\n${empty}@@ save\n@@ thresholds\n`), nothingChanging);
    expect(change?.diff).toContain('10.83.33.2:21');
    expect(change?.diff).not.toContain('10.83.33.76');
  });

  it('keeps a held real server in the boot script where it is, and adds none', () => {
    const script = (present: string | undefined, unready: ReadonlyMap<string, string>): string[] =>
      directorScript({ cluster, host: hostOf(cluster, 'director'), facts: debian, unready, present })
        .split('\n')
        .filter((line) => line.startsWith('server rs'));
    const held = new Map([['rs1', 'unreachable']]);
    const both = [
      'server rs1 ftp 3 -t 10.83.33.100:21 -r 10.83.33.76:21 -g',
      'server rs2 ftp 1 -t 10.83.33.100:21 -r 10.83.33.2:21 -g',
    ];
    expect(script(undefined, new Map())).toEqual(both);
    expect(script(undefined, held)).toEqual([both[1]]);
    expect(script('server rs1 ftp 9 -t 10.83.33.100:21 -r 10.83.33.76:21 -g\n', held)).toEqual(both);
    // As it was written before the lines named the host.
    expect(script('server -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 9\n', held)).toEqual(both);
    expect(script('server -t 10.83.33.100:21 -r 10.83.33.76:2121 -g -w 9\n', held)).toEqual([both[1]]);
  });

  describe('with weights that an operator has recorded', () => {
    const entry = { weight: 0, when: '2026-11-25T16:40:00Z', who: 'alice@ops1', reason: 'new disk' };
    const [drained, gone, moved] = [
      { ...entry, host: 'rs1', service: 'ftp' },
      { ...entry, host: 'rs9', service: 'ftp' },
      { ...entry, host: 'rs1', service: 'web' },
    ];
    const given = (...entries: readonly RecordedWeight[]) =>
      input(director, cluster, 'director', { ...debian, recorded: { entries, unread: [] } });
    const live = (rs1: number): string =>
      '@@ proc\n@@ save\n-A -t 10.83.33.100:21 -s wrr\n' +
      `-a -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w ${rs1}\n` +
      '-a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1\n@@ thresholds\n';
    const tableOf = (one: ReturnType<typeof given>, rs1: number) =>
      changeOf(director.resources(one), 'ipvs table', live(rs1))?.diff;

    it('wants them in the table, leaves the script as it is, and says whose they are', () => {
      expect(tableOf(given(drained), 0)).toBeUndefined();
      expect(tableOf(given(drained), 3)).toContain('+ -a -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 0');
      expect(tableOf(given(), 0)).toContain('-r 10.83.33.76:21 -g -w 3');
      const script = (one: ReturnType<typeof given>) =>
        writtenText(director.resources(one), '/etc/lvsctl/director.sh');
      expect(script(given(drained))).toBe(script(given()));
      expect(director.remarks?.(given(drained))).toEqual([
        'rs1 in ftp is drained since 2026-11-25T16:40:00Z by alice@ops1: new disk; ' +
          '`lvsctl undrain rs1 --service ftp` gives it back (weight 3)',
      ]);
    });

    it('forgets what is about a host or a service that has left the inventory', () => {
      expect(ids(director.resources(given(drained)))).not.toContain('recorded weights');
      const one = given(drained, gone, moved);
      const record = renderRecord({ entries: [drained, gone, moved], unread: [] }).join('\n');
      const change = changeOf(director.resources(one), 'recorded weights', `${record}\nnonsense\n`);
      expect(change?.summary).toMatch(
        /^forget in .*: rs9 in ftp is drained .*, and is not in the inventory; rs1 in web .*; line 6 is no entry: nonsense$/,
      );
      expect(change?.apply.text).toContain('rs1 ftp 0');
      expect(change?.apply.text).not.toMatch(/rs9|rs1 web|nonsense/);
      const left = renderRecord({ entries: [drained], unread: [] }).join('\n');
      expect(changeOf(director.resources(one), 'recorded weights', left)).toBeUndefined();
      expect(director.remarks?.(one)).toHaveLength(1);
    });
  });
});

describe('the neighbour that hears of a VIP where there is no arping', () => {
  const neighbour = (...hosts: Parameters<typeof host>[]) => {
    const site = tutorial({
      hosts: [...cluster.hosts.values()].slice(0, 3).concat(hosts.map((one) => host(...one))),
    });
    return neighbourOf(site, hostOf(site, 'director'));
  };
  it('holds no VIP itself, and is on the director’s network', () => {
    expect(neighbour()).toBeUndefined();
    expect(neighbour(['far', '10.9.9.9'], ['client', '10.83.33.50'])).toBe('10.83.33.50');
  });
});

describe('ftp', () => {
  it.each([
    ['debian', debian, '/etc/vsftpd.conf'],
    ['redhat9', redhat9, '/etc/vsftpd/vsftpd.conf'],
    ['alpine', alpine, '/etc/vsftpd/vsftpd.conf'],
  ])('%s', async (name, facts, path) => {
    const text = writtenText(ftp.resources(input(ftp, cluster, 'rs2', facts)), path);
    await expect(text).toMatchFileSnapshot(`golden/${name}-vsftpd.conf`);
    expect(text).toContain('ftpd_banner=Welcome to FTP2 server\n');
  });

  /** Of vsftpd 1.1.3, by its sources of 0.9.2 and its Changelog: a name that it does not know keeps it from starting. */
  const namesOfRedHat9 = [
    ...['listen', 'ftpd_banner', 'anonymous_enable', 'no_anon_password', 'anon_root'],
    ...['anon_world_readable_only', 'local_enable', 'write_enable', 'xferlog_enable', 'secure_chroot_dir'],
    ...['pasv_enable', 'pasv_min_port', 'pasv_max_port'],
  ];

  it('from Red Hat 9’s CDs: in its folder, with names that vsftpd 1.1.3 knows', () => {
    const facts = {
      ...redhat9,
      kernel: { ...redhat9.kernel, release: '2.4.20-8' },
      packageManager: undefined,
      paths: new Set([...redhat9.paths, '/etc/vsftpd']),
    };
    const resources = ftp.resources(input(ftp, cluster, 'rs1', facts));
    expect(ids(resources)).toContain('packages ftp');
    const text = writtenText(resources, '/etc/vsftpd/vsftpd.conf');
    const names = [...text.matchAll(/^([^#=\n]+)=/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !namesOfRedHat9.includes(name ?? ''))).toEqual([]);
    expect(text).not.toMatch(/^[^#\n]*[ \t]$|^[^#=\n]+$/m);
  });

  it('is configured before apt starts it, and after rpm would move the configuration aside', () => {
    const order = (facts: Facts): string[] =>
      ids(ftp.resources(input(ftp, cluster, 'rs1', facts))).filter((id) =>
        /^(packages|file|service)/.test(id),
      );
    expect(order(debian)).toEqual(['file /etc/vsftpd.conf', 'packages ftp', 'service vsftpd']);
    expect(order(redhat9)).toEqual(['packages ftp', 'file /etc/vsftpd/vsftpd.conf', 'service vsftpd']);
  });
});

describe('probe', () => {
  it('installs arping only where there is none', () => {
    expect(ids(probe.resources(input(probe, cluster, 'client', debian)))).toEqual(['packages probe']);
    expect(probe.resources(input(probe, cluster, 'client', alpine))).toEqual([]);
  });
});

describe('names from the inventory in a script', () => {
  it('can’t end the comment that they stand in', () => {
    const evil = tutorial();
    const text = directorScript({
      cluster: { ...evil, name: 'x\ntouch /tmp/pwned' },
      host: { ...hostOf(evil, 'director'), name: 'y\r\nid' },
      facts: debian,
      unready: new Map(),
      present: undefined,
    });
    expect(text.split('\n').filter((line) => /pwned|\bid$/.test(line) && !line.startsWith('#'))).toEqual([]);
  });
});

describe('the site playbook', () => {
  it('has real servers before directors, and ends with the traffic check', () => {
    expect(site.stages.map((stage) => stage.name)).toEqual([
      'kernel survey',
      'kernel build',
      'kernel',
      'content keys',
      'content source',
      'gateways',
      'real servers',
      'directors',
    ]);
    expect(site.stages.at(-1)?.roles.map((role) => role.name)).toEqual(['director', 'former-director']);
    expect(site.verify).toBe(true);
  });

  it.each(systems)('asks for each thing once a host and stage: %s', (_, facts) => {
    for (const stage of site.stages)
      for (const one of cluster.hosts.values()) {
        const all = stage.roles.flatMap((role) =>
          role.appliesTo(one, cluster)
            ? ids(role.resources(input(role, cluster, one.name, facts) as never))
            : [],
        );
        expect(new Set(all).size).toBe(all.length);
      }
  });
});
