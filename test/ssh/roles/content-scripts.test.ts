import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderName } from '../../../roles/content/parties.js';
import { syncScript } from '../../../roles/content/role.js';
import { serveScript } from '../../../roles/content/source.js';
import { content, contentSource } from '../../../roles/index.js';
import { debian } from '../../unit/resources/facts.js';
import { fakeCommands, shells, temporaryFolder } from '../../unit/resources/shells.js';
import { tutorial } from '../../unit/roles/cluster.js';
import { input } from '../../unit/roles/play.js';

const params = {
  source: 'director',
  paths: [{ from: '/srv/ftp' }, { from: "/srv/it's data", to: '/var/www' }],
  everyMinutes: 10,
  delete: true,
  exclude: ['*.tmp', "it's"],
};
const cluster = tutorial({ roles: { content: params } });

describe.each(shells)('the forced command under %s', (_, [program = '', ...args]) => {
  const ftp = folderName('/srv/ftp');
  const text = serveScript(input(contentSource, cluster, 'director', debian).params);

  function serve(request: string | undefined): { status: number | null; ran: string; said: string } {
    const log = join(temporaryFolder(), 'log');
    const commands = fakeCommands({ rsync: `printf '[%s]' "$@" > ${log}` });
    const script = text.replace(/^PATH=.*$/m, `PATH=${commands}:/usr/bin:/bin; export PATH`);
    expect(script).not.toBe(text);
    const file = join(temporaryFolder(), 'content-serve.sh');
    writeFileSync(file, script);
    const { status, stderr } = spawnSync(program, [...args, file], {
      env: request === undefined ? {} : { SSH_ORIGINAL_COMMAND: request },
    });
    return { status, ran: existsSync(log) ? readFileSync(log, 'utf8') : '', said: stderr.toString() };
  }

  it.each([
    [`rsync --server --sender -vlogtpre.iLsfxCIvu . ${ftp}/`, '-vlogtpre.iLsfxCIvu'],
    [
      `rsync --server --sender -vlogtprze.LsfxCIvu --timeout=120 . ${ftp}/`,
      '-vlogtprze.LsfxCIvu][--timeout=120',
    ],
    [`rsync --server --sender -logtpr . ${ftp}/`, '-logtpr'],
  ])('serves %s', (request, options) => {
    expect(serve(request)).toEqual({
      status: 0,
      ran: `[--server][--sender][${options}][.][/srv/ftp/]`,
      said: '',
    });
  });

  it('serves a folder whose path has blanks and quotes', () => {
    expect(serve(`rsync --server --sender -lr . ${folderName("/srv/it's data")}/`).ran).toBe(
      "[--server][--sender][-lr][.][/srv/it's data/]",
    );
  });

  it.each([
    undefined,
    '',
    'id',
    'rsync',
    `rsync --server -logDtpre.iLsfx . ${ftp}/`,
    'rsync --server --sender -lr . /etc/',
    'rsync --server --sender -lr . /srv/ftp/',
    `rsync --server --sender -lr . ${ftp}/../../etc/`,
    `rsync --server --sender -lr . ${ftp}`,
    `rsync --server --sender -lr . ${ftp}/ /etc/`,
    `rsync --server --sender -lr /etc ${ftp}/`,
    `rsync --server --sender -lrL . ${ftp}/`,
    `rsync --server --sender -lrs . ${ftp}/`,
    `rsync --server --sender -lDr . ${ftp}/`,
    `rsync --server --sender -lrk . ${ftp}/`,
    `rsync --server --sender --remove-source-files -lr . ${ftp}/`,
    `rsync --server --sender --log-file=/etc/x -lr . ${ftp}/`,
    `rsync --server --sender --files-from=/etc/shadow -lr . ${ftp}/`,
    `rsync --server --sender --timeout=1x -lr . ${ftp}/`,
    `rsync --server --sender -lr . ${ftp}/; id`,
    `rsync --server --sender -lr . $(id)/`,
    `rsync --server --sender -lr . ${ftp}/\nid`,
    `rsync --server --sender -lr . *`,
    `sh -c rsync --server --sender -lr . ${ftp}/`,
  ])('refuses %j', (request) => {
    expect(serve(request)).toMatchObject({ status: 1, ran: '', said: expect.stringContaining('lvsctl: ') });
  });
});

describe.each(shells)('the sync script under %s', (_, [program = '', ...args]) => {
  const text = syncScript(cluster, input(content, cluster, 'rs1', debian).params);

  function sync(rsync: string, word = 'wait', prepare: (state: string) => void = () => {}) {
    const folder = temporaryFolder();
    const state = join(folder, 'state');
    mkdirSync(state);
    prepare(state);
    const commands = fakeCommands({
      rsync: `printf '[%s]' "$@" >> ${folder}/log; echo >> ${folder}/log; ${rsync}`,
    });
    const script = text
      .replace(/^PATH=.*$/m, `PATH=${commands}:/usr/bin:/bin; export PATH`)
      .replace(/^state=.*$/m, `state=${state}`)
      .replaceAll(/ (?=\/srv\/ftp|\/var\/www)/g, ` ${folder}`);
    const { status, stderr } = spawnSync(program, [...args, '-c', script, 'sync', word]);
    return {
      status,
      said: stderr.toString(),
      calls: existsSync(`${folder}/log`)
        ? readFileSync(`${folder}/log`, 'utf8').replaceAll(folder, '').trim().split('\n')
        : [],
      copied: existsSync(join(state, 'stamp/content')),
      locked: existsSync(join(state, 'content.lock')),
    };
  }

  it('copies every folder, notes it, and gives its lock back', () => {
    const remote = 'lvsctl-content@10.83.33.83';
    const options =
      "[-rlptgo][--timeout=120][--delete][--exclude=*.tmp][--exclude=it's][-e][ssh -i /etc/lvsctl/content_key -p 22 " +
      '-o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/etc/lvsctl/content_known_hosts]';
    expect(sync('exit 0')).toEqual({
      status: 0,
      said: '',
      calls: [
        `${options}[${remote}:${folderName('/srv/ftp')}/][/srv/ftp/]`,
        `${options}[${remote}:${folderName("/srv/it's data")}/][/var/www/]`,
      ],
      copied: true,
      locked: false,
    });
  });

  it('fails, without a note, when a folder can’t be copied, and still tries the others', () => {
    const failed = sync('exit 23');
    expect(failed).toMatchObject({ status: 1, copied: false, locked: false });
    expect(failed.calls).toHaveLength(2);
  });

  it('leaves a copy alone that is under way', () => {
    const busy = sync('exit 0', '', (state) => {
      mkdirSync(join(state, 'content.lock'));
      writeFileSync(join(state, 'content.lock/pid'), `${process.pid}\n`);
    });
    expect(busy).toMatchObject({ status: 0, calls: [], copied: false, locked: true });
  });

  it('takes over from a copy that was killed', () => {
    const taken = sync('exit 0', '', (state) => {
      mkdirSync(join(state, 'content.lock'));
      writeFileSync(join(state, 'content.lock/pid'), '4194303999\n');
    });
    expect(taken).toMatchObject({ status: 0, copied: true, locked: false });
  });
});
