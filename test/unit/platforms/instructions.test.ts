import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowsInterfaceProblem } from '../../../src/inventory/interface.js';
import { FOREIGN_SYSTEMS, type ForeignSystem } from '../../../src/inventory/systems.js';
import { type Instructions, instructionsFor, type Step } from '../../../src/platforms/index.js';
import { host, service } from '../roles/cluster.js';
import { wordsOf } from '../shell/cmd-words.js';
import { clusterWith } from './clusters.js';

const systems = Object.keys(FOREIGN_SYSTEMS) as ForeignSystem[];

function stepsOf({ editions }: Instructions): Step[] {
  return editions.flatMap(({ now, atBoot, undo }) => [...now, ...atBoot, ...undo]);
}

/** DR and TUN (where it can be) on two VIPs, and NAT. */
function everything(os: ForeignSystem, nic?: string): Instructions {
  const { cluster, rs9 } = clusterWith(
    os,
    [
      {},
      {
        name: 'web',
        vip: '10.83.33.101',
        port: 80,
        forwarding: FOREIGN_SYSTEMS[os].ipip ? 'tun' : 'dr',
        directors: ['director', 'director2'],
      },
      { name: 'mail', vip: '10.83.33.102', port: 25, forwarding: 'nat' },
    ],
    nic,
  );
  return instructionsFor(cluster, rs9);
}

describe.each(systems)('on %s', (os) => {
  const found = everything(os);

  it('every command and every line of a file has its source', () => {
    const unnamed = stepsOf(found).filter(({ kind, sources }) => kind !== 'hand' && sources.length === 0);
    expect(unnamed).toEqual([]);
  });

  it('each VIP of DR and TUN is set and taken back, and none of NAT', () => {
    for (const { now, undo } of found.editions)
      for (const vip of ['10.83.33.100', '10.83.33.101']) {
        const mentions = (steps: readonly Step[]) =>
          steps.filter(({ purpose, lines }) => [purpose, ...lines].join('\n').includes(vip)).length;
        expect(mentions(now)).toBeGreaterThan(0);
        const alias = /lo0:\d|lo0\/lvs\d/.test(JSON.stringify(undo));
        expect(mentions(undo) > 0 || alias).toBe(true);
      }
    expect(JSON.stringify(stepsOf(found))).not.toContain('10.83.33.102');
  });

  it('the director is the default gateway, now and at boot', () => {
    for (const { now, atBoot } of found.editions) {
      const after = atBoot.length > 0 ? atBoot : now;
      const routes = [now, os === 'aix' ? now : after];
      for (const steps of routes)
        expect(
          steps.flatMap(({ lines }) => lines).filter((line) => line.includes('10.83.33.83')).length,
        ).toBeGreaterThan(0);
    }
  });

  it('says that nobody ran it there, and how to prove it', () => {
    expect(found.notRun).toContain(`not run on ${FOREIGN_SYSTEMS[os].title} `);
    expect(found.proof).toEqual(['lvsctl verify /home/me/inventory.ts --service ftp,web,mail']);
  });

  it('survives JSON', () => expect(JSON.parse(JSON.stringify(found))).toEqual(found));
});

it.each(systems.filter((os) => os !== 'windows'))('a shell parses each command of %s as one', (os) => {
  const lines = stepsOf(everything(os)).flatMap(({ kind, lines: own }) => (kind === 'shell' ? own : []));
  expect(lines.length).toBeGreaterThan(3);
  const script = lines.map((line) => `set -- ${line}; printf '%s|%s\\n' "$#" "$*"`).join('\n');
  const words = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(words).toEqual(lines.map((line) => `${line.split(' ').length}|${line.replaceAll("'", '')}`));
});

it('rc.conf of FreeBSD is read by a shell as it is meant', () => {
  const lines = everything('freebsd').editions[0]?.atBoot.flatMap(({ lines: own }) => own) ?? [];
  const said = execFileSync(
    '/bin/sh',
    [
      '-c',
      `${lines.join('\n')}\nprintf '%s\\n' "$ifconfig_lo0_alias1" "$cloned_interfaces" "$ifconfig_gif1" "$defaultrouter"`,
    ],
    { encoding: 'utf8' },
  );
  expect(said.trimEnd().split('\n')).toEqual([
    'inet 10.83.33.101 netmask 255.255.255.255',
    'gif0 gif1',
    'tunnel 10.83.33.79 10.83.33.84 up',
    '10.83.33.83',
  ]);
});

describe('a NIC of Windows with a hostile name', () => {
  it('is one word wherever it stands, or the inventory refuses it', () => {
    const name = fc.string({
      unit: fc.oneof(
        fc.constantFrom(...'"%!&|<>()^=\\, ;\'`$'),
        fc.constantFrom('&shutdown /r', 'LAN', 'ä', '%PATH%'),
      ),
      minLength: 1,
      maxLength: 10,
    });
    let seen = 0;
    fc.assert(
      fc.property(name, (nic) => {
        if (windowsInterfaceProblem(nic) !== undefined) return;
        seen += 1;
        const lines = stepsOf(everything('windows', nic)).flatMap(({ kind, lines }) =>
          kind === 'cmd' ? lines : [],
        );
        const words = lines.flatMap(wordsOf).filter((word) => /^(interface|name)=/.test(word));
        expect(new Set(words)).toEqual(
          new Set([`interface=${nic}`, `name=${nic}`, 'interface=loopback', 'name=loopback']),
        );
        for (const line of lines) expect(wordsOf(line).slice(0, 2)).toEqual(['netsh', 'interface']);
      }),
      { numRuns: 200 },
    );
    expect(seen).toBeGreaterThan(20);
  });
});

describe('what the inventory shows of the network', () => {
  const cautionsOf = (extra: Parameters<typeof clusterWith>[1][number]) => {
    const { cluster, rs9 } = clusterWith('openbsd', [extra]);
    const far = host('far', '192.0.2.9');
    const hosts = new Map([...cluster.hosts, ['far', far] as const]);
    return instructionsFor({ ...cluster, hosts }, rs9).cautions.map(({ text }) => text);
  };
  it('a gateway in another network', () => {
    expect(cautionsOf({ forwarding: 'nat', directors: ['far'] })).toEqual([
      '192.0.2.9 lies outside 10.83.33.0/24: a default gateway is reached without another router, so give the director an address in that network',
    ]);
  });
  it('a director of DR on another link', () => {
    expect(cautionsOf({ forwarding: 'dr', directors: ['far'] })).toEqual([
      'far (192.0.2.9) lies outside 10.83.33.0/24: forwarding dr needs both on one link',
    ]);
  });
  it('nothing, where all is well', () => expect(cautionsOf({})).toEqual([]));
});

describe('what it has to do besides', () => {
  it('greets as the ftp role would, and has the content', () => {
    const { cluster, rs9 } = clusterWith('solaris', [{}]);
    const roles = { ...cluster.roles, content: { source: 'rs1' } };
    expect(instructionsFor({ ...cluster, roles }, rs9).tasks.slice(-2)).toEqual([
      'greet FTP clients with "Welcome to FTP2 server", so that verify can tell its answers from others’: the role ftp does not come here',
      'have the same content as rs1: the role content does not copy it here',
    ]);
  });

  it('a host of no service has nothing to do', () => {
    const { cluster, rs9 } = clusterWith('aix', []);
    const services = [service({ realServers: [] })];
    const found = instructionsFor({ ...cluster, services }, rs9);
    expect(found.tasks).toEqual(['nothing: rs9 is a real server of no service in /home/me/inventory.ts']);
    expect(stepsOf(found)).toEqual([]);
    expect(found.proof).toEqual([]);
  });
});
