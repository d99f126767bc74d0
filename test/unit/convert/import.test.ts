import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ImportFormat, importInventory, recogniseFormat } from '../../../src/convert/index.js';
import { LvsctlError } from '../../../src/errors.js';
import type { Table } from '../../../src/ipvs/index.js';
import { renderSave, wantedService } from '../../../src/ipvs/index.js';
import { table } from '../ipvs/arbitrary.js';
import { clusterOfText, filled, SAMPLES, sample } from './inventories.js';

const run = (text: string, format: ImportFormat, directors: { name: string; address: string }[] = []) =>
  importInventory(text, format, { source: 'the-file', directors });

/** Lines that say something, with their numbers. */
const contentOf = (text: string, format: ImportFormat) => {
  const comment = format === 'keepalived' ? /^\s*([!#].*)?$/ : /^\s*(#.*)?$/;
  return text
    .split('\n')
    .map((line, index) => ({ line: index + 1, text: line }))
    .filter((each) => !comment.test(each.text));
};

describe.each(SAMPLES)('%s', (name, format) => {
  const text = sample(name);
  const result = run(text, format);

  it('is recognised', () => expect(recogniseFormat(text)).toBe(format));

  it('becomes this inventory, and these lines are lost', async () => {
    const lost = result.lost.map((each) => `${each.line}: ${each.text}\n    ${each.reason}\n`).join('');
    await expect(`${result.text}\n${lost}`).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it('is sound once the gaps are filled, and not before', () => {
    const cluster = clusterOfText(filled(result.text));
    expect(cluster.services.map((service) => service.name)).toEqual(
      result.draft.services.map((each) => each.name),
    );
    let problems: readonly { readonly path: string }[] = [];
    try {
      clusterOfText(result.text);
    } catch (error) {
      problems = (error as { problems: { path: string }[] }).problems;
    }
    expect(problems.map(({ path }) => path)).toEqual(expect.arrayContaining([...result.gaps]));
  });

  it('lists or carries each line: one that is not listed and not a default counts', () => {
    const listed = new Set(result.lost.map(({ line }) => line));
    const lines = text.split('\n');
    const silent = contentOf(text, format)
      .filter(({ line }) => !listed.has(line))
      .filter(({ line }) => {
        const without = [...lines];
        without[line - 1] = '';
        try {
          const other = run(without.join('\n'), format);
          return JSON.stringify([other.draft, other.lost]) === JSON.stringify([result.draft, result.lost]);
        } catch {
          return false;
        }
      })
      .map((each) => each.text.trim());
    expect(silent.filter((each) => !DEFAULTS.has(each))).toEqual([]);
  });

  it('lists a line that nobody knows, wherever it stands, and carries the rest as before', () => {
    const lines = text.split('\n');
    const places = Array.from({ length: lines.length }, (_, index) => index).filter(
      // Between a name and its brace it would take the brace.
      (at) => !/^\s*\{/.test(lines[at] ?? ''),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), (at) => {
        const with1 = [...lines.slice(0, at), '        zz_unknown 1', ...lines.slice(at)].join('\n');
        const other = run(with1, format);
        expect(other.lost.filter((each) => each.text === 'zz_unknown 1').map(({ line }) => line)).toEqual([
          at + 1,
        ]);
        expect(JSON.stringify(other.draft)).toBe(JSON.stringify(result.draft));
        expect(other.lost.length).toBe(result.lost.length + 1);
      }),
    );
  });
});

/** What these say holds without them too: a default, or something that is said again elsewhere in the samples. */
const DEFAULTS = new Set([
  ...['weight 1', 'protocol TCP', 'protocol=tcp', 'protocol=fwm', 'lvs_method NAT', 'scheduler=wrr'],
  ...[
    '192.0.2.101 dev eth1',
    'lvs_method TUN',
    'inhibit_on_failure',
    'sorry_server_inhibit',
    'quiescent=yes',
  ],
  ...['connect_ip 192.0.2.13', 'lb_kind NAT'],
]);

describe('ipvsadm -Sn', () => {
  const directors = (family: 4 | 6) => [
    family === 4
      ? { name: 'lvs', address: '10.83.33.1', prefix: 8 }
      : { name: 'lvs', address: 'fd00:7::1', prefix: 48 },
  ];

  it.each([4, 6] as const)(
    'of any table: what is not listed is in the inventory as it was (IPv%i)',
    (family) => {
      fc.assert(
        fc.property(table, (any) => {
          const text = renderSave(any);
          let result: ReturnType<typeof run>;
          try {
            result = run(text, 'ipvsadm', directors(family));
          } catch (error) {
            expect(error).toBeInstanceOf(LvsctlError);
            return;
          }
          const cluster = clusterOfText(markedOn(filled(result.text, '', family), family));
          const again = renderSave({
            services: cluster.services.map((service) => wantedService(service, service.realServers)),
          });
          const listed = new Set(result.lost.map(({ line }) => line));
          const carried = text.split('\n').filter((line, index) => line !== '' && !listed.has(index + 1));
          const present = new Set(normalised(again));
          expect(normalised(carried.join('\n')).filter((line) => !present.has(line))).toEqual([]);
        }),
        { numRuns: 100 },
      );
    },
  );

  /** VIPs of marks in the directors' network. */
  const markedOn = (text: string, family: 4 | 6) =>
    family === 4 ? text.replaceAll("'192.0.2.", "'10.1.2.") : text.replaceAll("'2001:db8::", "'fd00:7::b:");

  // A mark has several ports, so the inventory has none for its real servers; a tunnel without checksum is said by saying nothing.
  const normalised = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^(-a -f .* -r \S+):\d+/, '$1:0').replace(' --tun-nocsum', ''));

  it('of a thousand services of ten real servers is read whole, each service with a name of its own', () => {
    const services: Table['services'] = Array.from({ length: 1000 }, (_, index) => ({
      id: { kind: 'address' as const, protocol: 'tcp' as const, address: '10.83.33.100', port: index + 1 },
      scheduler: 'wlc',
      schedulerFlags: [],
      persistence: 'none' as const,
      onePacket: false,
      destinations: Array.from({ length: 10 }, (_, server) => ({
        address: `10.83.34.${server + 1}`,
        port: index + 1,
        forwarding: 'dr' as const,
        weight: server,
        tunnel: undefined,
        upperThreshold: undefined,
        lowerThreshold: undefined,
        activeConnections: undefined,
        inactiveConnections: undefined,
      })),
    }));
    const { draft, lost } = run(renderSave({ services }), 'ipvsadm');
    expect(lost).toEqual([]);
    expect(new Set(draft.services.map(({ name }) => name)).size).toBe(1000);
    expect(draft.realServers).toHaveLength(10);
  });
});

const WORDS: Readonly<Record<Exclude<ImportFormat, 'ipvsadm'>, readonly string[]>> = {
  keepalived: [
    ...[
      'virtual_server',
      '192.0.2.100 80',
      '{',
      '{',
      '}',
      '}',
      'lb_algo sh',
      'lvs_method TUN type gue port 0',
      'sh-port',
    ],
    ...[
      'virtual_server_group G',
      'virtual_server group G',
      'fwmark 7',
      'real_server 192.0.2.11 81',
      'weight x',
      '"',
    ],
    ...[
      'real_server fd00::1 80',
      'persistence_timeout 9999999',
      'persistence_granularity 64',
      'persistence_engine sip',
    ],
    ...[
      'global_defs',
      'router_id a b',
      'vrrp_instance V',
      'interface a-very-long-name',
      'virtual_ipaddress',
      '\\',
      '!',
      "'",
    ],
    ...[
      '192.0.2.0/24',
      'unicast_src_ip 192.0.2.2',
      'unicast_peer',
      'lvs_timeouts tcp 0',
      'lvs_sync_daemon eth0 id 999',
    ],
    ...[
      'uthreshold 1',
      'lthreshold 2',
      'ops',
      'protocol UDP',
      'real_server 192.0.2.100',
      '${X',
      'virtual_server 192.0.2.2 0',
    ],
    ...[
      'HTTP_GET {',
      'url {',
      'path /',
      'TCP_CHECK { }',
      'TCP_CHECK { connect_port 81 }',
      'DNS_CHECK { type X }',
    ],
    ...['MISC_CHECK { misc_path "/bin/true 1" }', 'MISC_CHECK { misc_path "/a \'b" }', 'delay_loop 5000'],
    ...['sorry_server 192.0.2.20 80', 'sorry_server 127.0.0.1', 'quorum 2', 'hysteresis 2', 'fwmark 7'],
    ...[
      'virtual_router_id 300',
      'virtual_router_id 3',
      'advert_int 0.001',
      'preempt_delay 3',
      'connect_ip ::1',
    ],
  ],
  ldirectord: [
    ...[
      'virtual=192.0.2.100:80',
      'virtual=192.0.2.100:80',
      'virtual6=[fd00::1]:80',
      'virtual=7',
      'virtual=www:http',
    ],
    ...[
      '    real=192.0.2.11:80 gate 1',
      '    real=192.0.2.11 masq 0',
      '    real=192.0.2.9->192.0.2.12:81 ipip l:9 u:3',
    ],
    ...[
      '    real=127.0.0.1:80 gate',
      '    real=www:80 gate',
      '    persistent=0',
      '    persistent=300',
      '    netmask=255.0.255.0',
    ],
    ...[
      '    scheduler=none',
      '    scheduler=mh',
      '    schedflags=mh-port,sh-port',
      '    ops=yes',
      '    protocol=udp',
      'real=1',
    ],
    ...[
      'checktype=connect',
      '    checktype=3',
      '    service=http',
      '    request="a b"',
      'fallback=192.0.2.20',
    ],
    ...['    fallback=127.0.0.1:80 masq', 'checkinterval=0', '    failurecount=500', '    checkport=http'],
  ],
};

describe.each(Object.entries(WORDS))('any text of %s', (format, words) => {
  it('is accounted for line by line, and makes a sound inventory or none', () => {
    const separator = fc.constantFrom('\n', '\n', '\n', ' ');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...words), separator), { maxLength: 40 }), (parts) => {
        const text = parts.flat().join('');
        let result: ReturnType<typeof run>;
        try {
          result = run(text, format as ImportFormat);
        } catch (error) {
          expect(error).toBeInstanceOf(LvsctlError);
          return;
        }
        const known = new Set(contentOf(text, format as ImportFormat).map(({ line }) => line));
        for (const { line, reason } of result.lost) {
          expect(known).toContain(line);
          expect(reason).not.toBe('');
        }
        const six = result.draft.services.some(({ vip }) => vip.includes(':'));
        clusterOfText(filled(result.text, six ? 'fd00::9/16' : '192.0.2.1/24', six ? 6 : 4));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a keepalived.conf', () => {
  const server = 'real_server 192.0.2.11 80 {\n  }\n';

  it('without protocol means UDP, and without lb_kind NAT', () => {
    const { draft, lost } = run(`virtual_server 192.0.2.100 80 {\n  ${server}}\n`, 'keepalived');
    expect(draft.services).toMatchObject([{ protocol: 'udp', forwarding: 'nat' }]);
    expect(lost).toMatchObject([{ line: 1, reason: expect.stringContaining('takes for UDP') }]);
  });

  it.each([
    ['persistence_timeout', { seconds: 360 }, []],
    ['persistence_timeout 60', { seconds: 60 }, []],
    ['persistence_timeout 0', undefined, ['no number of seconds']],
    ['persistence_timeout 9999999', { seconds: 2678400 }, ['more than 2678400 seconds']],
    ['persistence_granularity 255.255.255.0', { seconds: 360, netmask: '255.255.255.0' }, []],
    ['persistence_granularity 64', { seconds: 360 }, ['64 is no netmask of IPv4']],
    ['persistence_engine sip', { seconds: 360, engine: 'sip' }, []],
  ])('%s', (line, persistence, reasons) => {
    const { draft, lost } = run(
      `virtual_server 192.0.2.100 80 {\n  protocol UDP\n  ${line}\n  ${server}}\n`,
      'keepalived',
    );
    expect(draft.services[0]?.persistence).toEqual(persistence);
    expect(lost.map(({ reason }) => reason)).toEqual(reasons.map((each) => expect.stringContaining(each)));
  });

  it.each([
    ['director2', ['director2', 'director1']],
    ['director1', ['director1', 'director2']],
    ['lvs1', ['lvs1', 'director2']],
    ['all', ['director1', 'director2']],
    ['LVS_DEVEL', ['director1', 'director2']],
  ])('of the router %s names its directors so that no two are one', (router, names) => {
    const { draft } = run(
      `global_defs {\n router_id ${router}\n}
vrrp_instance a {\n unicast_src_ip 192.0.2.3\n unicast_peer {\n 192.0.2.2\n }\n}
virtual_server 192.0.2.100 80 {\n protocol TCP\n real_server 192.0.2.11 80 {\n }\n}\n`,
      'keepalived',
    );
    expect(draft.directors.map(({ name, address }) => `${name} ${address}`)).toEqual([
      `${names[0]} 192.0.2.3/24`,
      `${names[1]} 192.0.2.2/24`,
    ]);
  });

  it('with a persistence engine that Linux has not keeps the service, and says so', () => {
    const { draft, lost } = run(
      'virtual_server 192.0.2.100 80 {\n protocol TCP\n persistence_timeout 60\n persistence_engine foo\n real_server 192.0.2.11 80 {\n }\n}\n',
      'keepalived',
    );
    expect(draft.services.map(({ persistence }) => persistence)).toEqual([{ seconds: 60 }]);
    expect(lost.map(({ line, reason }) => `${line} ${reason}`)).toContain(
      '4 no persistence engine of Linux is called foo',
    );
  });

  it('nested beyond reason is read all the same', () => {
    const { lost } = run(
      `virtual_server 192.0.2.100 80 {\n  protocol TCP\n  ${server}}\n${'a {\n'.repeat(50_000)}`,
      'keepalived',
    );
    expect(lost.length).toBe(50_000);
  });

  it('gives the director the prefix length of a VIP whose network it is in', () => {
    const vrrp =
      'vrrp_instance V {\n  interface eth0\n  unicast_src_ip 10.1.2.3\n  virtual_ipaddress {\n    10.1.200.1/16\n  }\n}\n';
    const { draft } = run(
      `${vrrp}virtual_server 10.1.200.1 80 {\n  protocol TCP\n  real_server 10.1.3.255 80 {\n  }\n}\n`,
      'keepalived',
    );
    expect(draft.directors).toMatchObject([{ name: 'director', address: '10.1.2.3/16' }]);
    expect(draft.realServers).toMatchObject([{ name: 'rs1', address: '10.1.3.255/16' }]);
  });

  it('with braces that do not match is read as far as it goes, and the braces are told', () => {
    const { draft, lost } = run(
      `}\nvirtual_server 192.0.2.100 80 {\n  protocol TCP\n  ${server}`,
      'keepalived',
    );
    expect(draft.services).toHaveLength(1);
    expect(lost.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      '1 closes nothing',
      '2 its closing brace is missing',
    ]);
  });
});

describe('a ldirectord.cf', () => {
  const virtual = (...lines: string[]) =>
    run(['virtual=192.0.2.100:80', '    real=192.0.2.11 gate', ...lines].join('\n'), 'ldirectord');

  it('without a word of checks asks as ldirectord does by default', () => {
    expect(virtual().draft.services[0]?.checks).toEqual([
      {
        ...{ type: 'http', everySeconds: 10, timeoutSeconds: 30, retries: 0, retrySeconds: 10 },
        ...{ path: '/', status: ['200-299'] },
      },
    ]);
    expect(virtual().draft.keepalived).toEqual({});
  });

  it.each([
    ['    checktype=ping', 'a check by ping'],
    ['    service=pop', 'asks by pop'],
    ['    request="http://192.0.2.99/"', 'asks another server'],
  ])('with %s has no check, and the line is told', (line, reason) => {
    const { draft, lost } = virtual(line);
    expect(draft.services[0]?.checks).toBeUndefined();
    expect(draft.keepalived).toBeUndefined();
    expect(lost.map((each) => `${each.line} ${each.reason}`)).toEqual([
      expect.stringMatching(`^3 ${reason}`),
    ]);
  });
});

describe('a line with a password', () => {
  it.each([
    [
      'keepalived',
      'vrrp_instance V {\n  authentication {\n    auth_pass hunter2\n  }\n}\n',
      'auth_pass [secret]',
    ],
    ['keepalived', 'vrrp_instance V { authentication { auth_pass hunter2 } }\n', 'auth_pass [secret]'],
    ['ldirectord', 'virtual=192.0.2.101:80\n    passwd = "hunter2"\n', 'passwd = [secret]'],
    ['ldirectord', 'virtual=192.0.2.101:80\n    secret="hunter2"\n', 'secret=[secret]'],
  ] as const)('of %s is listed without it', (format, lines, shown) => {
    const service =
      format === 'keepalived'
        ? 'virtual_server 192.0.2.100 80 {\n real_server 192.0.2.11 80 {\n }\n}\n'
        : 'virtual=192.0.2.100:80\n    real=192.0.2.11:80 gate\n';
    const result = run(service + lines, format);
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(result.lost.map(({ text }) => text).join('\n')).toContain(shown);
  });
});
