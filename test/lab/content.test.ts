import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderName, paths, sourceAccount } from '../../roles/content/parties.js';
import { type Answer, lvsctl, onHost } from './support/program.js';

/**
 * The content, the VIP's announcement and the boot scripts on real hosts with systemd. The tests build on one another, in this order.
 * The playbook leaves the traffic check out: it would teach the client the VIP's MAC, which the announcement is to do.
 */
const folder = mkdtempSync(join(tmpdir(), 'lvsctl-content-'));
const inventory = join(folder, 'inventory.ts');
const playbook = join(folder, 'playbook.ts');
const vip = '10.83.33.100';
const source = '10.83.33.76';

const provision = () => lvsctl('provision', inventory, '--lab', '--playbook', playbook);
const plan = () => lvsctl('plan', inventory, '--lab', '--exit-code', '--playbook', playbook);
const on = (host: string, script: string): Answer => onHost(inventory, host, script);

/** The script's output. */
function shell(host: string, script: string): string {
  const { status, stdout, stderr } = on(host, script);
  expect(status, `${host}: ${script}\n${stdout}${stderr}`).toBe(0);
  return stdout.trim();
}

beforeAll(async () => {
  writeFileSync(
    inventory,
    `import { defineInventory } from 'lvsctl';
export default defineInventory({
  name: 'content-${process.pid}',
  interface: 'eth0',
  hosts: {
    director: { address: '10.83.33.83/24' },
    rs1: { address: '${source}/24' },
    rs2: { address: '10.83.33.2/24' },
    client: { address: '10.83.33.50/24' },
  },
  services: {
    ftp: {
      vip: '${vip}',
      port: 21,
      scheduler: 'wrr',
      forwarding: 'dr',
      directors: ['director'],
      realServers: [
        { host: 'rs1', weight: 3 },
        { host: 'rs2', weight: 1 },
      ],
    },
  },
  probes: ['client'],
  roles: { content: { source: 'rs1', paths: [{ from: '/srv/data' }], everyMinutes: 1 } },
});
`,
  );
  writeFileSync(
    playbook,
    `import { definePlaybook } from 'lvsctl';
import site from 'lvsctl/playbooks/site';
export default definePlaybook({ ...site, name: 'site without traffic', verify: false });
`,
  );
  const up = await lvsctl('lab', 'up', inventory);
  expect(up.status, up.story).toBe(0);
});

afterAll(async () => {
  await lvsctl('lab', 'down', inventory);
  rmSync(folder, { recursive: true, force: true });
});

describe('the content', () => {
  it('comes to the other real server, from nothing', async () => {
    shell(
      'rs1',
      `mkdir -p '/srv/data/deep/a folder' && cd /srv/data && echo first > index && echo "it's" > 'deep/a folder/a "name" of $HOME'
ln -s index link && chmod 0640 index && chgrp games index && chmod o+r index && touch -d '2006-05-04 03:02:01' index`,
    );
    const run = await provision();
    expect(run.status, run.story).toBe(0);
    const listing = `cd /srv/data && find . -exec stat -c '%N %A %U %G %Y' {} + | sort && find . -type f -exec cksum {} + | sort`;
    expect(shell('rs2', listing)).toBe(shell('rs1', listing));
    expect(shell('rs2', `cat '/srv/data/deep/a folder/a "name" of $HOME'`)).toBe("it's");
  });

  it('leaves nothing to be done', async () => {
    const again = await plan();
    expect(again.planned).toEqual([]);
    expect(again.status, again.story).toBe(0);
  });

  it('comes again by the timer, without lvsctl, as often as asked', () => {
    shell('rs1', 'echo later > /srv/data/later');
    // The seconds are a guard against hanging: a minute, the spread of 10 s, a slow machine.
    shell('rs2', 'n=0; until [ -s /srv/data/later ]; do n=$((n+1)); [ $n -lt 150 ] || exit 1; sleep 1; done');
    expect(shell('rs2', 'cat /srv/data/later')).toBe('later');
    const properties = shell(
      'rs2',
      `until systemctl list-timers --no-legend lvsctl-content.timer | grep left; do sleep 1; done
systemctl show -p AccuracyUSec -p LastTriggerUSec -p TimersMonotonic lvsctl-content.timer; systemctl show -p Result lvsctl-content.service`,
    );
    expect(properties).toMatch(/left .*ago +lvsctl-content\.timer +lvsctl-content\.service$/m);
    expect(properties).toMatch(/^LastTriggerUSec=.+$/m);
    expect(properties).toContain('OnUnitActiveUSec=1min ');
    expect(properties).toContain('AccuracyUSec=1s');
    expect(properties).toContain('Result=success');
  });
});

/** What rsync would call, and what a thief of the key would. */
const ssh = `ssh -i ${paths.key} -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${paths.knownHosts}`;
const account = `${sourceAccount.name}@${source}`;
const name = folderName('/srv/data');

describe('the key of a receiver', () => {
  it('reads the configured folder, else nothing below would mean anything', () => {
    expect(shell('rs2', `rsync -rl -e '${ssh}' ${account}:${name}/ /tmp/read/ && cat /tmp/read/later`)).toBe(
      'later',
    );
  });

  const refused = 'lvsctl: only rsync may read here';
  it.each([
    ['a command', `${ssh} ${account} id`, refused],
    [
      'a command after what is allowed',
      `${ssh} ${account} 'rsync --server --sender -r . ${name}/; id'`,
      refused,
    ],
    ['a shell', `echo id | ${ssh} ${account}`, refused],
    ['a terminal', `echo id | ${ssh} -tt ${account}`, 'PTY allocation request failed'],
    ['another folder', `rsync -r -e '${ssh}' ${account}:/etc/ssh/ /tmp/taken/`, refused],
    ['a folder above', `rsync -r -e '${ssh}' ${account}:${name}/../ /tmp/taken/`, refused],
    ['what links lead to', `rsync -rL -e '${ssh}' ${account}:${name}/ /tmp/taken/`, refused],
    ['writing', `rsync /etc/hostname -e '${ssh}' ${account}:${name}/`, refused],
    ['removing', `rsync -r --remove-source-files -e '${ssh}' ${account}:${name}/ /tmp/taken/`, refused],
    ['port of the source', `${ssh} -W 127.0.0.1:22 ${account}`, 'administratively prohibited'],
    [
      'port on the source',
      `timeout 30 ${ssh} -N -o ExitOnForwardFailure=yes -R 10022:127.0.0.1:22 ${account}`,
      'remote port forwarding failed',
    ],
  ])('gets no: %s', (_, attempt, complaint) => {
    const { status, stdout, stderr } = on('rs2', attempt);
    expect(stderr).toContain(complaint);
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
  });

  it('gets no: sftp', () => {
    // A client's first packet: sftp-server would end with 0 after it. sshd drops what a subsystem says on stderr.
    const attempt = `printf '\\000\\000\\000\\005\\001\\000\\000\\000\\003' | ${ssh} -s ${account} sftp`;
    expect(on('rs2', attempt)).toMatchObject({ status: 1, stdout: '' });
  });

  it('took and changed nothing by that', () => {
    expect(shell('rs2', 'find /tmp/taken -type f 2>/dev/null || :')).toBe('');
    expect(shell('rs1', 'ls /srv/data')).toBe('deep\nindex\nlater\nlink');
  });

  it.each([
    ['as root', 'rs2', `${ssh} root@${source} id`],
    ['from another host', 'client', `${ssh} ${account} 'rsync --server --sender -r . ${name}/'`],
  ])('does not get in %s', (_, host, attempt) => {
    if (host === 'client') {
      const [key, known] = [paths.key, paths.knownHosts].map((path) => shell('rs2', `cat ${path}`));
      shell(
        'client',
        `umask 077; mkdir -p /etc/lvsctl; echo '${key}' > ${paths.key}; echo '${known}' > ${paths.knownHosts}`,
      );
    }
    const { status, stderr } = on(host, attempt);
    expect(stderr).toContain('Permission denied (publickey');
    expect(status).toBe(255);
  });
});

describe('the VIP', () => {
  const wrong = '02:00:00:00:00:99';
  const remembered = () => shell('client', `ip neigh show ${vip} dev eth0`);
  // The announcement goes out beside the script.
  const hears = (mac: string) =>
    shell(
      'client',
      `n=0; until ip neigh show ${vip} dev eth0 | grep ${mac}; do n=$((n+1)); [ $n -lt 60 ] || exit 1; sleep 1; done`,
    );
  const forget = () => {
    shell('director', `ip addr del ${vip}/32 dev eth0`);
    // The kernel believes nobody about an entry that changed within the last second (locktime).
    shell('client', `ip neigh replace ${vip} lladdr ${wrong} dev eth0 nud stale; sleep 2`);
  };

  it('is told to a client that remembers another MAC', async () => {
    const mac = shell('director', 'cat /sys/class/net/eth0/address');
    forget();
    shell('director', `ip addr add ${vip}/32 dev eth0 && ip addr del ${vip}/32 dev eth0`);
    expect(remembered()).toContain(wrong);
    const run = await provision();
    expect(run.status, run.story).toBe(0);
    expect(run.planned).toEqual([`director: address ${vip} on eth0`]);
    hears(mac);
  });

  it.each([
    ['with arping', ':', ':'],
    ['without it', 'mv /usr/bin/arping /usr/bin/arping.away', 'mv /usr/bin/arping.away /usr/bin/arping'],
  ])('is told by the boot script too, %s, and the real servers stay within reach', (_, before, after) => {
    const mac = shell('director', 'cat /sys/class/net/eth0/address');
    forget();
    const ran = on(
      'director',
      `${before}; ping -q -c 1 -w 20 ${source} && ping -q -c 1 -w 20 10.83.33.2
/bin/sh /etc/lvsctl/director.sh; status=$?; ip neigh show dev eth0; ${after}; exit $status`,
    );
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    hears(mac);
    expect(ran.stdout).toMatch(/^10\.83\.33\.76 .*lladdr/m);
    expect(ran.stdout).not.toMatch(/FAILED|INCOMPLETE/);
  });
});

describe('the boot scripts', () => {
  it('run by hand, again and again, on live hosts, and change nothing', async () => {
    for (const [host, script] of [
      ['director', 'director'],
      ['rs1', 'realserver'],
      ['rs2', 'realserver'],
    ] as const) {
      const run = `/bin/sh /etc/lvsctl/${script}.sh`;
      expect(on(host, `${run} && ${run}`), host).toMatchObject({ status: 0, stdout: '', stderr: '' });
    }
    const after = await plan();
    expect(after.planned).toEqual([]);
    expect(after.status, after.story).toBe(0);
  });
});
