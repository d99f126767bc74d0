import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { exportKeepalived } from '../../../src/convert/index.js';
import type { Cluster } from '../../../src/inventory/cluster.js';
import { anyCluster, twoDirectors } from '../../unit/convert/clusters.js';
import { sample } from '../../unit/convert/inventories.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-keepalived-'));
afterAll(() => rmSync(folder, { recursive: true }));

// `keepalived -t` wants the interface of VRRP to be there. Nothing is started, and nothing is sent.
const nic = Object.entries(networkInterfaces()).find(
  ([name, addresses]) => name.length <= 11 && addresses?.some(({ internal }) => !internal),
)?.[0];

/** What keepalived itself says of a configuration, by its own check. */
function check(text: string): { readonly status: number | null; readonly said: string } {
  const file = join(folder, 'keepalived.conf');
  writeFileSync(file, text);
  const { status, stdout, stderr, error } = spawnSync(
    'sh',
    // Its check ends with a SIGTERM to its own group where a MISC_CHECK is in the file (2.2.7).
    ['-c', 'trap "" TERM; exec keepalived --config-test "$@"', 'sh', `--use-file=${file}`],
    {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    },
  );
  if (error) throw error;
  return { status, said: `${stdout}${stderr}` };
}

function exported(cluster: Cluster, name: string): string {
  const director = cluster.hosts.get(name);
  if (director === undefined) throw new Error(`no host ${name}`);
  return exportKeepalived(cluster, director).text;
}

describe('keepalived -t', () => {
  it('is strict: it refuses a word that it does not know', () => {
    const { status, said } = check(sample('keepalived.conf').replace('delay_loop', 'delay_lop'));
    expect(status).not.toBe(0);
    expect(said).toContain("Unknown keyword 'delay_lop'");
  });

  it.each(['lvs1', 'lvs2'])('takes a configuration with all there is, for %s, without a word', (director) => {
    expect(nic).toBeDefined();
    expect(check(exported(twoDirectors(nic), director))).toEqual({ status: 0, said: '' });
  });

  it.each([4, 6] as const)('takes that of any cluster (IPv%i)', (family) => {
    fc.assert(
      fc.property(anyCluster(family, nic), fc.constantFrom('lvs1', 'lvs2'), (cluster, director) => {
        fc.pre(cluster.services.some(({ directors }) => directors.includes(director)));
        // It adds the weights up in 32 bits, and complains of a sum of 0: `lvsctl export` says so where all are drained.
        const sums = cluster.services.map(({ realServers }) =>
          realServers.reduce((sum, { weight }) => sum + weight, 0),
        );
        fc.pre(sums.every((sum) => sum > 0 && sum < 2 ** 32));
        expect(check(exported(cluster, director))).toEqual({ status: 0, said: '' });
      }),
      { numRuns: 25 },
    );
  });
});
