import { describe, expect, it } from 'vitest';
import { published } from '../../../roles/content/parties.js';
import { cronTimes } from '../../../roles/content/schedule.js';
import { content, contentKey, contentSource } from '../../../roles/index.js';
import { alpine, debian, redhat9, systems } from '../resources/facts.js';
import { nothingChanging, said } from '../resources/shells.js';
import { host, tutorial } from './cluster.js';
import { changeOf, ids, input, writtenText } from './play.js';

const params = {
  source: 'director',
  paths: [{ from: '/srv/ftp' }, { from: "/srv/it's data", to: '/var/www' }],
  everyMinutes: 10,
  delete: true,
  exclude: ['*.tmp', "it's"],
};
const cluster = tutorial({ roles: { content: params } });
const key1 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOne';
const known = new Map([
  ['rs1', { [published.receiverKey]: key1 }],
  ['director', { [published.hostKeys]: 'ssh-ed25519 AAAAHost1\necdsa-sha2-nistp256 AAAAHost2' }],
]);

describe('who takes part', () => {
  const named = (name: string) => cluster.hosts.get(name) ?? host(name, '192.0.2.1');
  it.each([
    ['director', [false, true, false]],
    ['rs1', [true, false, true]],
    ['rs2', [true, false, true]],
    ['client', [false, false, false]],
  ])('%s', (name, applies) => {
    expect([contentKey, contentSource, content].map((role) => role.appliesTo(named(name), cluster))).toEqual(
      applies,
    );
  });

  it('is nobody without parameters', () => {
    const without = tutorial();
    for (const role of [contentKey, contentSource, content])
      expect(role.appliesTo(named('rs1'), without) || role.appliesTo(named('director'), without)).toBe(false);
  });

  it('is no real server that lvsctl does not log in to', () => {
    const hosts = [...cluster.hosts.values()].map((one) =>
      one.name === 'rs2' ? host('rs2', one.address, { os: 'aix' }) : one,
    );
    const mixed = tutorial({ roles: { content: params }, hosts });
    const files = contentSource.resources(
      input(contentSource, mixed, 'director', debian, { published: known }),
    );
    expect(writtenText(files, '/etc/lvsctl/content/.ssh/authorized_keys')).toContain('content rs1');
    const remarks = contentSource.remarks?.(
      input(contentSource, mixed, 'director', debian, { published: known }),
    );
    expect(remarks).toEqual([]);
  });

  it('is no receiver that is the source itself', () => {
    const own = tutorial({ roles: { content: { ...params, source: 'rs1' } } });
    expect(contentKey.appliesTo(named('rs1'), own)).toBe(false);
    expect(contentSource.appliesTo(named('rs1'), own)).toBe(true);
  });
});

describe('the source', () => {
  const keysFile = '/etc/lvsctl/content/.ssh/authorized_keys';
  const source = (facts = debian, from = known) =>
    contentSource.resources(input(contentSource, cluster, 'director', facts, { published: from }));

  it('lets each key in from its address, for the one command', () => {
    expect(writtenText(source(), keysFile)).toBe(
      `restrict,from="10.83.33.76",command="/bin/sh /etc/lvsctl/content-serve.sh" ${key1} lvsctl content rs1\n`,
    );
  });

  it('spells the restrictions out for an old sshd', () => {
    expect(writtenText(source(redhat9), keysFile)).toMatch(
      /^no-agent-forwarding,no-port-forwarding,no-pty,no-X11-forwarding,from="10\.83\.33\.76",command=/,
    );
  });

  it('keeps the line of a receiver that this run has not asked, and says so', () => {
    const line = 'restrict,from="10.83.33.2",command="x" ssh-ed25519 AAAAold lvsctl content rs2';
    const change = changeOf(source(), `file ${keysFile}`, `present -rw-r--r-- root:root\n${line}\n`);
    expect(change?.diff).toContain(` ${line}\n`);
    const remarks = contentSource.remarks?.(
      input(contentSource, cluster, 'director', debian, { published: known }),
    );
    expect(remarks).toEqual([expect.stringContaining('rs2 has no key')]);
  });

  it.each([
    'ssh-ed25519 AAAA lvsctl\nssh-ed25519 BBBB',
    'command="x" ssh-ed25519 AAAA',
    'ssh-ed25519 AAAA,permitopen',
    'ssh-ed25519',
    '',
  ])('takes nothing but a key from a receiver: %j', (told) => {
    const liar = new Map([['rs1', { [published.receiverKey]: told }]]);
    expect(writtenText(source(debian, liar), keysFile)).toBe('');
  });

  it('refuses to serve a folder that is not there, rather than emptying the real servers', () => {
    expect(() => changeOf(source(), 'source /srv/ftp', '')).toThrow(
      '/srv/ftp, which the real servers are to copy',
    );
  });
});

describe('a receiver', () => {
  const receiver = (facts = debian, from = known, unready = new Map<string, string>()) =>
    content.resources(input(content, cluster, 'rs1', facts, { published: from, unready }));

  it('knows the source’s keys by our own connection to it', () => {
    expect(writtenText(receiver(), '/etc/lvsctl/content_known_hosts')).toBe(
      '10.83.33.83 ssh-ed25519 AAAAHost1\n10.83.33.83 ecdsa-sha2-nistp256 AAAAHost2\n',
    );
  });

  it('names another port as known_hosts does', () => {
    const director = host('director', '10.83.33.83');
    const other = tutorial({
      roles: { content: params },
      hosts: [
        { ...director, ssh: { ...director.ssh, port: 2222 } },
        host('rs1', '10.83.33.76'),
        host('rs2', '10.83.33.2'),
      ],
    });
    const resources = content.resources(input(content, other, 'rs1', debian, { published: known }));
    expect(writtenText(resources, '/etc/lvsctl/content_known_hosts')).toMatch(
      /^\[10\.83\.33\.83\]:2222 ssh-ed25519 /,
    );
  });

  it('leaves known_hosts alone in a run that has not asked the source', () => {
    expect(ids(receiver(debian, new Map()))).not.toContain('file /etc/lvsctl/content_known_hosts');
  });

  it('can’t do without its source', () => {
    expect(() => receiver(debian, known, new Map([['director', 'unreachable']]))).toThrow(
      'director is not ready (unreachable)',
    );
  });

  it('copies again when the script changes', () => {
    const copied = receiver().find((one) => one.id === 'content copied');
    expect(copied?.plan(said('copied\n'), nothingChanging)).toBeUndefined();
    expect(copied?.plan(said(''), nothingChanging)?.apply.text).toBe(
      '/bin/sh /etc/lvsctl/content-sync.sh wait',
    );
    const context = { changing: new Set(['file /etc/lvsctl/content-sync.sh']) };
    expect(copied?.plan(said('copied\n'), context)?.summary).toBe('copy the content from the source');
  });

  it.each([
    [
      debian,
      [
        'file /etc/systemd/system/lvsctl-content.service',
        'file /etc/systemd/system/lvsctl-content.timer',
        'service lvsctl-content.timer',
      ],
    ],
    [redhat9, ['packages cron', 'file /etc/cron.d/lvsctl-content']],
    [
      { ...alpine, paths: new Set([...alpine.paths, '/etc/crontabs']) },
      ['block /etc/crontabs/root content', 'service crond'],
    ],
  ])('repeats it', (facts, schedule) => {
    expect(ids(receiver(facts)).slice(-schedule.length)).toEqual(schedule);
  });

  it.each([
    [1, '* * * * *'],
    [10, '*/10 * * * *'],
    [60, '7 * * * *'],
    [100, '7 */2 * * *'],
    [1440, '7 3 * * *'],
  ])('every %i minutes is %s for cron', (minutes, times) => expect(cronTimes(minutes)).toBe(times));
});

describe('the key', () => {
  it('is made on the host, and asked for once it is there', () => {
    const resources = contentKey.resources(input(contentKey, cluster, 'rs1', debian));
    const change = changeOf(resources, 'key /etc/lvsctl/content_key', '');
    expect(change?.apply.text).toContain("ssh-keygen -q -t ed25519 -N '' -C 'lvsctl content rs1'");
    expect(changeOf(resources, 'key /etc/lvsctl/content_key', 'present\n')).toBeUndefined();
  });

  it.each(systems)('brings rsync and ssh where they are missing: %s', (_, facts) => {
    expect(ids(contentKey.resources(input(contentKey, cluster, 'rs1', facts)))[0]).toBe('packages content');
    const all = { ...facts, commands: new Set([...facts.commands, 'rsync', 'ssh', 'ssh-keygen']) };
    expect(ids(contentKey.resources(input(contentKey, cluster, 'rs1', all)))).toEqual([
      'key /etc/lvsctl/content_key',
    ]);
  });
});
