import { describe, expect, test } from 'vitest';
import type { SshSettings } from '../../../src/inventory/cluster.js';
import { InventoryError } from '../../../src/inventory/index.js';
import { parseInventory } from '../../../src/inventory/parse.js';
import type { Surroundings } from '../../../src/inventory/surroundings.js';
import { changedInventory, machine } from './inventories.js';

const CONFIG = '/home/ann/.ssh/config';

/** The settings of host rs1 for an inventory changed at some paths, an OpenSSH configuration and an environment. */
function rs1(
  put: Readonly<Record<string, unknown>> = {},
  config = '',
  env: Surroundings['env'] = {},
  files: Readonly<Record<string, string>> = {},
): SshSettings {
  const inventory = changedInventory(put, ['ssh']);
  const cluster = parseInventory(
    inventory,
    '/etc/inventory.ts',
    machine({ [CONFIG]: config, ...files }, env),
  );
  const host = cluster.hosts.get('rs1');
  if (!host) throw new Error('no rs1');
  return host.ssh;
}

test('defaults', () => {
  expect(rs1()).toEqual({
    hostName: '10.83.33.76',
    port: 22,
    user: 'root',
    identityFiles: [],
    agent: false,
    hostKeys: 'strict',
    knownHostsFiles: ['/home/ann/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'],
    algorithms: 'modern',
    sudo: false,
    passwordEnv: 'LVSCTL_PASSWORD',
    sudoPasswordEnv: 'LVSCTL_SUDO_PASSWORD',
    passphraseEnv: 'LVSCTL_PASSPHRASE',
    connectTimeoutSeconds: 15,
  });
});

describe('precedence', () => {
  const config = 'Host rs1\n  Port 5\n  User five\n  ConnectTimeout 5\nHost *\n  User six\n';
  test.each([
    ['~/.ssh/config', {}, 5, 'five'],
    ['global', { 'ssh.port': 4, 'ssh.user': 'four' }, 4, 'four'],
    ['group', { 'ssh.port': 4, 'ssh.user': 'four', 'groups.old.ssh': { port: 3 } }, 3, 'four'],
    [
      'a later group',
      { 'groups.old.ssh': { port: 3, user: 'three' }, 'groups.z': { hosts: ['rs1'], ssh: { port: 2 } } },
      2,
      'three',
    ],
    [
      'host',
      { 'ssh.port': 4, 'groups.old.ssh': { port: 3, user: 'three' }, 'hosts.rs1.ssh': { port: 1 } },
      1,
      'three',
    ],
    ['undefined says nothing', { 'ssh.port': 4, 'hosts.rs1.ssh': { port: undefined } }, 4, 'five'],
    ['config: false', { 'ssh.config': false }, 22, 'root'],
  ])('%s', (_, put, port, user) => {
    expect(rs1(put, config)).toMatchObject({ port, user });
  });

  test('a group is only for its hosts', () => {
    const put = { 'groups.other': { hosts: ['rs2'], ssh: { port: 9 } } };
    expect(rs1(put).port).toBe(22);
  });
});

describe('from ~/.ssh/config', () => {
  test('keys are words, case is free, equal signs and quotes are allowed, the first value wins', () => {
    const config = `
      # comment
      Host = rs1
        hostname=gate.example.org
        PORT = 2222
        User "ann b"
        IdentityFile "~/my keys/id_%r"
        IdentityFile ~/.ssh/%n
        IdentityAgent none
        UserKnownHostsFile ~/a /etc/b
        GlobalKnownHostsFile none
        StrictHostKeyChecking accept-new
      Host rs*
        Port 1
        IdentityFile ~/.ssh/all`;
    expect(rs1({}, config, { SSH_AUTH_SOCK: '/run/agent' })).toMatchObject({
      hostName: 'gate.example.org',
      port: 2222,
      user: 'ann b',
      identityFiles: ['/home/ann/my keys/id_ann b', '/home/ann/.ssh/rs1', '/home/ann/.ssh/all'],
      agent: false,
      hostKeys: 'accept-new',
      knownHostsFiles: ['/home/ann/a', '/etc/b'],
    });
  });

  test.each([
    ['Host rs1', true],
    ['Host RS1', true],
    ['Host rs?', true],
    ['Host *', true],
    ['Host 10.83.33.*', true],
    ['Host rs2 rs1', true],
    ['Host * !rs1', false],
    ['Host !rs2', false],
    ['Host rs', false],
    ['Host rs1.example.org', false],
    ['Host r.1', false],
    ['Match all', true],
    ['Match host rs1', true],
    ['Match host rs2,rs1', true],
    ['Match originalhost rs1 user ann', false],
    ['Match user root', true],
    ['Match user ann', false],
    ['Match localuser ann', true],
    ['Match host rs1 exec "true"', false],
    ['Match exec "true"', false],
  ])('%s applies to rs1 at 10.83.33.76: %s', (line, applies) => {
    expect(rs1({}, `${line}\n  Port 77\n`).port).toBe(applies ? 77 : 22);
  });

  test('Match user sees the inventory’s user', () => {
    expect(rs1({ 'ssh.user': 'admin' }, 'Match user admin\n  Port 77\n').port).toBe(77);
  });

  test('tokens and environment variables in HostName and IdentityFile', () => {
    const config = `Host rs1\n  HostName %h.example.org\n  IdentityFile \${KEYS}/%h-%p-%u%%\n`;
    expect(rs1({}, config, { KEYS: '/keys' })).toMatchObject({
      hostName: 'rs1.example.org',
      identityFiles: ['/keys/rs1.example.org-22-ann%'],
    });
  });

  test('the inventory’s hostName wins', () => {
    const put = { 'hosts.rs1.ssh': { hostName: '192.0.2.7' } };
    expect(rs1(put, 'Host rs1\n  HostName 192.0.2.8\nHost 192.0.2.7\n  Port 7\n')).toMatchObject({
      hostName: '192.0.2.7',
      port: 7,
    });
  });

  test('Include, relative to the folder of the file, with wildcards, not without end', () => {
    const files = {
      '/home/ann/.ssh/conf.d/10-old.conf': 'Host rs1\n  Port 10\n',
      '/home/ann/.ssh/conf.d/20-new.conf': 'Host rs1\n  Port 20\n  User twenty\n',
      '/home/ann/.ssh/conf.d/.hidden.conf': 'Host rs1\n  User hidden\n',
      '/home/ann/own': 'Include own\nConnectTimeout 3\n',
    };
    expect(rs1({}, 'Include conf.d/*.conf ~/own missing\n', {}, files)).toMatchObject({
      port: 10,
      user: 'twenty',
      connectTimeoutSeconds: 3,
    });
    expect(rs1({}, 'Host rs2\n  Include conf.d/*\n', {}, files).port).toBe(22);
  });

  test('another file', () => {
    expect(rs1({ 'ssh.config': '~/lab' }, 'Port 1\n', {}, { '/home/ann/lab': 'Port 2\n' }).port).toBe(2);
  });

  test.each(['0', '65536', 'ssh'])('a Port of %s is passed over', (port) => {
    expect(rs1({}, `Port ${port}\n`).port).toBe(22);
  });

  test.each([
    ['yes', 'strict'],
    ['ask', 'strict'],
    ['no', 'accept-new'],
    ['off', 'accept-new'],
  ])('StrictHostKeyChecking %s is %s', (value, policy) => {
    expect(rs1({}, `StrictHostKeyChecking ${value}\n`).hostKeys).toBe(policy);
  });
});

describe('keys and agent', () => {
  test('the usual keys, those that are there', () => {
    const files = {
      '/home/ann/.ssh/id_rsa': '',
      '/home/ann/.ssh/id_ed25519': '',
      '/home/ann/.ssh/other': '',
    };
    expect(rs1({}, '', {}, files).identityFiles).toEqual([
      '/home/ann/.ssh/id_ed25519',
      '/home/ann/.ssh/id_rsa',
    ]);
    expect(rs1({ 'ssh.identityFiles': ['~/a', '/b'] }, '', {}, files).identityFiles).toEqual([
      '/home/ann/a',
      '/b',
    ]);
  });

  test.each([
    [undefined, '', '/run/agent'],
    [true, '', '/run/agent'],
    [false, '', false],
    ['~/agent', '', '/home/ann/agent'],
    [undefined, 'IdentityAgent ~/a', '/home/ann/a'],
    [undefined, 'IdentityAgent $OTHER', '/run/other'],
    [undefined, `IdentityAgent \${OTHER}`, '/run/other'],
    [undefined, 'IdentityAgent SSH_AUTH_SOCK', '/run/agent'],
    [true, 'IdentityAgent none', '/run/agent'],
  ])('agent %s with “%s” is %s', (agent, config, expected) => {
    const env = { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' };
    expect(rs1(agent === undefined ? {} : { 'ssh.agent': agent }, config, env).agent).toBe(expected);
  });

  test('true without a running agent is none', () => {
    expect(rs1({ 'ssh.agent': true }).agent).toBe(false);
  });
});

test('sudo is for users other than root', () => {
  expect(rs1({ 'ssh.sudo': true }).sudo).toBe(false);
  expect(rs1({ 'ssh.sudo': true, 'ssh.user': 'admin' }).sudo).toBe(true);
});

describe('jump host', () => {
  test('of the inventory, with its own settings', () => {
    const put = { 'hosts.rs1.ssh': { jump: 'director' }, 'hosts.director.ssh': { user: 'gate', sudo: true } };
    const { jump } = rs1(put);
    expect(jump).toMatchObject({ hostName: '10.83.33.83', user: 'gate', port: 22 });
    expect(jump).not.toHaveProperty('sudo');
  });

  test('a global one is not for itself', () => {
    const inventory = changedInventory({ 'ssh.jump': 'director' });
    const { hosts } = parseInventory(inventory, 'a.ts', machine());
    expect(hosts.get('rs1')?.ssh.jump?.hostName).toBe('10.83.33.83');
    expect(hosts.get('director')?.ssh.jump).toBeUndefined();
  });

  test('false goes straight', () => {
    const config = 'Host *\n  ProxyJump gate\n';
    expect(rs1({ 'ssh.jump': 'director', 'hosts.rs1.ssh': { jump: false } }, config).jump).toBeUndefined();
  });

  test.each([
    ['ann@gate.example.org:2222', { user: 'ann', hostName: 'gate.example.org', port: 2222 }],
    ['gate.example.org', { user: 'root', hostName: 'gate.example.org', port: 22 }],
    ['ann@[fd00::1]:23', { user: 'ann', hostName: 'fd00::1', port: 23 }],
    ['a@b@gate:1', undefined],
  ])('%s', (jump, expected) => {
    if (expected) expect(rs1({ 'hosts.rs1.ssh': { jump } }).jump).toMatchObject(expected);
    else expect(() => rs1({ 'hosts.rs1.ssh': { jump } })).toThrow(InventoryError);
  });

  test('outside the inventory follows ~/.ssh/config, and the global settings but not the host’s', () => {
    const config = 'Host gate\n  HostName 192.0.2.1\n  Port 2222\n  User warden\n';
    const put = {
      'ssh.hostKeys': 'accept-new',
      'hosts.rs1.ssh': { jump: 'ann@gate', algorithms: 'legacy', port: 9 },
    };
    expect(rs1(put, config).jump).toMatchObject({
      hostName: '192.0.2.1',
      port: 2222,
      user: 'ann',
      hostKeys: 'accept-new',
      algorithms: 'modern',
    });
  });

  test('ProxyJump, a chain: the last is nearest to the host', () => {
    const config = 'Host rs1\n  ProxyJump ann@outer:23,director\nHost outer\n  HostName 192.0.2.1\n';
    const { jump } = rs1({}, config);
    expect(jump).toMatchObject({ hostName: '10.83.33.83' });
    expect(jump?.jump).toMatchObject({ hostName: '192.0.2.1', user: 'ann', port: 23 });
    expect(jump?.jump?.jump).toBeUndefined();
  });

  test('ProxyJump none ends it', () => {
    expect(rs1({}, 'Host rs1\n  ProxyJump none\nHost *\n  ProxyJump gate\n').jump).toBeUndefined();
  });

  test('a jump host that has one itself', () => {
    const config = 'Host inner\n  ProxyJump outer\nHost rs1\n  ProxyJump inner\n';
    expect(rs1({}, config).jump).toMatchObject({ hostName: 'inner', jump: { hostName: 'outer' } });
  });

  test('a ProxyJump for all hosts is not for the jump host itself', () => {
    const { jump } = rs1({}, 'Host *\n  ProxyJump ann@gate:23\n');
    expect(jump).toMatchObject({ hostName: 'gate', port: 23 });
    expect(jump?.jump).toBeUndefined();
  });

  test('ProxyJumps in a circle are refused', () => {
    const config = 'Host rs1\n  ProxyJump a\nHost a\n  ProxyJump b\nHost b\n  ProxyJump a\n';
    expect(() => rs1({}, config)).toThrow(
      'hosts.rs1.ssh.jump: ProxyJump of the OpenSSH configuration goes in a circle: rs1 → a → b → a',
    );
  });

  test('ProxyCommand is refused with a way out', () => {
    const act = () => rs1({}, 'Host rs1\n  ProxyCommand nc -X 5 %h %p\n');
    expect(act).toThrow('ProxyCommand for this host (nc -X 5 %h %p), which lvsctl can’t use');
    expect(rs1({ 'ssh.jump': false }, 'Host rs1\n  ProxyCommand nc %h %p\n').jump).toBeUndefined();
  });
});
