import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Change, ProbeOutput, Resource } from '../../src/engine/resource.js';
import { wantedTable } from '../../src/ipvs/index.js';
import { labDown, labUp } from '../../src/lab/index.js';
import { ipvsTable } from '../../src/resources/index.js';
import { nested, type Sh, sh, trusted } from '../../src/shell/index.js';
import { cluster as tutorial } from '../unit/ipvs/cluster.js';
import { kernelCases, tableAfterCases, thresholdsAfterCases } from '../unit/ipvs/kernel-cases.js';
import { labCluster } from './support/cluster.js';
import { onGuest } from './support/login.js';

/** What the unit tests believe of the kernel and of ipvsadm, asked of the real ones. */

const lab = labCluster(`t${process.pid}k`, { director: '10.83.33.83' });
const nothing = { changing: new Set<string>() };
const vip = '-t 10.83.33.100:21';

/** As the engine's root shell does; sshd's own PATH has no sbin. */
const withPath = (script: Sh) => `PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH\n${script.text}`;

async function run(script: Sh): Promise<string> {
  const { status, output } = await onGuest(lab, 'director', withPath(script));
  expect(status, output).toBe(0);
  return output;
}

async function probe(resource: Resource): Promise<ProbeOutput> {
  const { status, output } = await onGuest(lab, 'director', withPath(sh`sh -c ${nested(resource.probe)}`));
  return { status, stdout: output, stderr: '' };
}

async function apply(change: Change): Promise<string> {
  const files = Object.entries(change.files ?? {}).map(
    ([name, content]) => sh`printf '%s' ${content.toString()} >/tmp/${name}`.text,
  );
  return run(trusted([...files, sh`LVSCTL_FILES=/tmp sh -e -c ${nested(change.apply)}`.text].join('\n')));
}

/** Applies what the plan says and proves that nothing is left; the summary, or undefined when there was nothing to do. */
async function converge(resource: Resource): Promise<string | undefined> {
  const change = resource.plan(await probe(resource), nothing);
  if (change === undefined) return undefined;
  await apply(change);
  expect(resource.plan(await probe(resource), nothing)).toBeUndefined();
  return change.summary;
}

const table = (change: Parameters<typeof tutorial>[0] = {}): Resource =>
  ipvsTable(wantedTable(tutorial(change), 'lvs', new Map()));

beforeAll(() => labUp(lab, () => {}));
afterAll(() => labDown(lab, () => {}));

describe('a kernel of its own', () => {
  it('without ip_vs and ipvsadm has an empty table, and reading it loads nothing', async () => {
    const observed = await probe(table());
    expect(observed).toMatchObject({ status: 0, stdout: '@@ not loaded\n' });
    expect(table().plan(observed, nothing)?.summary).toMatch(/^add service tcp 10\.83\.33\.100:21/);
    await run(trusted('! grep -q ^ip_vs /proc/modules'));
  });

  it('with ip_vs but without ipvsadm is read by /proc alone', async () => {
    await run(trusted('modprobe ip_vs'));
    const observed = await probe(table());
    expect(observed.stdout).toMatch(/^@@ proc\nIP Virtual Server version [^@]*$/);
    expect(table().plan(observed, nothing)?.summary).toMatch(/^add service tcp 10\.83\.33\.100:21/);
    await run(
      trusted(
        '{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y ipvsadm; } >/tmp/apt 2>&1 || { cat /tmp/apt; exit 1; }',
      ),
    );
  });

  it('answers every case as the fake kernel does', async () => {
    const commands = kernelCases.map(({ args }) => `said=$(ipvsadm ${args} 2>&1); echo "$? $said"`);
    const script = [
      ...commands,
      'echo @@; ipvsadm -Sn | LC_ALL=C sort; echo @@; ipvsadm -Ln --thresholds -t 192.168.7.110:443; ipvsadm -C',
    ].join('\n');
    const [answers = '', saved, limits = ''] = (await run(trusted(script))).split('@@\n');
    expect(answers.split('\n').slice(0, -1)).toEqual(
      kernelCases.map(({ status, output = '' }) => `${status} ${output}`),
    );
    expect(saved).toBe(tableAfterCases);
    for (const [server, [upper, lower]] of Object.entries(thresholdsAfterCases))
      expect(limits).toMatch(new RegExp(`-> ${server} +${upper} +${lower} `));
  });
});

describe('the resource on a real table', () => {
  it('builds it, mends what drifted, leaves alone what is not ours, and is converged after each', async () => {
    expect(await converge(table())).toMatch(/^add service tcp 10\.83\.33\.100:21 \(wrr\); add /);
    expect(await converge(table())).toBeUndefined();
    await run(
      trusted(`
        ipvsadm -E ${vip} -s rr -p 300
        ipvsadm -d ${vip} -r 10.83.33.2:21
        ipvsadm -e ${vip} -r 10.83.33.76:21 -g -w 3 -x 100 -y 50
        ipvsadm -a ${vip} -r 10.83.33.9:21 -g -w 7
        ipvsadm -A -t 10.99.0.9:80 -s sh -b sh-port
        ipvsadm -A -f 9 -6 -s rr`),
    );
    const observed = await probe(table());
    expect(table().plan(observed, nothing)?.diff).toBe(
      `- -A ${vip} -s rr -p 300\n+ -A ${vip} -s wrr\n` +
        `+ -a ${vip} -r 10.83.33.2:21 -g -w 1\n` +
        `- -a ${vip} -r 10.83.33.76:21 -g -w 3 -x 100 -y 50\n+ -a ${vip} -r 10.83.33.76:21 -g -w 3\n` +
        `- -a ${vip} -r 10.83.33.9:21 -g -w 7\n+ -a ${vip} -r 10.83.33.9:21 -g -w 0\n` +
        `- -a ${vip} -r 10.83.33.9:21 -g -w 0\n`.replace('-w 0', '-w 7'),
    );
    expect(table().remarks?.(observed)).toEqual([
      'not in the inventory, left alone: tcp 10.99.0.9:80, fwmark 9 (IPv6)',
    ]);
    await converge(table());
    expect(await run(trusted('ipvsadm -Sn'))).toBe(
      '-A -t 10.83.33.100:21 -s wrr\n-a -t 10.83.33.100:21 -r 10.83.33.2:21 -g -w 1\n' +
        '-a -t 10.83.33.100:21 -r 10.83.33.76:21 -g -w 3\n-A -t 10.99.0.9:80 -s sh -b sh-port\n-A -f 9 -6 -s rr\n',
    );
  });

  it('says which line the kernel refused', async () => {
    const resource = table({ scheduler: 'twos' });
    const change = resource.plan(await probe(resource), nothing);
    const { status, output } = await onGuest(
      lab,
      'director',
      withPath(sh`sh -e -c ${nested(change?.apply ?? trusted(''))}`),
    );
    expect(status).toBe(255);
    expect(output).toContain(
      `refused (exit status 255): ipvsadm -E ${vip} -s twos: Scheduler or persistence engine not found\n`,
    );
  });

  it('sends many changes at once', async () => {
    const realServers = Array.from({ length: 200 }, (_, n) => ({
      host: `rs${n}`,
      address: `10.84.0.${n + 1}`,
      port: 80,
      weight: 1 + (n % 3),
    }));
    const many = table({ port: 80, realServers });
    expect(await converge(many)).toMatch(
      /^change the IPVS table in \d+ steps: 1 services added, 200 real servers added/,
    );
  });

  it('drains a server that has a connection, and removes it when that has ended', async () => {
    const dns = { port: 53, protocol: 'udp', scheduler: 'rr' } as const;
    const one = { host: 'ftp1', address: '10.83.33.76', port: 53, weight: 1 };
    const two = { host: 'ftp2', address: '10.83.33.2', port: 53, weight: 1 };
    const before = table({ ...dns, realServers: [one] });
    await converge(before);
    await run(
      trusted(`
        ip address add 10.83.33.100/32 dev lo
        ipvsadm --set 0 0 20
        echo question | nc -u -w 1 10.83.33.100 53 || :`),
    );
    const after = table({ ...dns, realServers: [two] });
    const observed = await probe(after);
    expect(after.remarks?.(observed)).toContain(
      '10.83.33.76:53 leaves udp 10.83.33.100:53: it has 1 connection, and stays with weight 0 until a run finds it without any',
    );
    await converge(after);
    expect(await run(trusted('ipvsadm -Sn'))).toContain('-a -u 10.83.33.100:53 -r 10.83.33.76:53 -g -w 0\n');
    await run(
      trusted('until ipvsadm -Ln -u 10.83.33.100:53 | grep -q "10.83.33.76:53 .* 0 *0 *$"; do sleep 1; done'),
    );
    expect(await converge(after)).toBe('remove 10.83.33.76:53 from udp 10.83.33.100:53');
    expect(await run(trusted('ipvsadm -Sn'))).not.toContain('10.83.33.76:53');
  });
});
