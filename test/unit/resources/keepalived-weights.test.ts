import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wantedTable } from '../../../src/ipvs/index.js';
import { keepalivedConf } from '../../../src/keepalived/index.js';
import { keepalivedWeights } from '../../../src/resources/index.js';
import { twoDirectors } from '../convert/clusters.js';
import { shells, temporaryFolder } from './shells.js';

const cluster = twoDirectors();
const host = cluster.hosts.get('lvs2');
if (host === undefined) throw new Error('no host lvs2');
const conf = (weights: Readonly<Record<string, number>> = {}): string => {
  const services = cluster.services.map((service) => ({
    ...service,
    realServers: service.realServers.map((one) => ({
      ...one,
      weight: weights[`${service.name} ${one.host}`] ?? one.weight,
    })),
  }));
  const changed = { ...cluster, services };
  return keepalivedConf({
    cluster: changed,
    host,
    services: wantedTable(changed, 'lvs2', new Map()).services,
  });
};

describe('weights in keepalived.conf', () => {
  it.each(shells)(
    'are the file that provision would write with them (%s)',
    (_, [program = '', ...before]) => {
      const file = join(temporaryFolder(), 'keepalived.conf');
      writeFileSync(file, conf());
      const script = keepalivedWeights([
        { service: 'web', address: '192.0.2.11', port: 80, weight: 0 },
        { service: 'ftp', address: '192.0.2.12', port: 0, weight: 70000 },
        { service: 'gone', address: '192.0.2.12', port: 0, weight: 5 },
      ]);
      const run = (text: string) =>
        spawnSync(program, [...before, '-c', text.replaceAll('/etc/keepalived/keepalived.conf', file)], {
          encoding: 'utf8',
        });
      expect(run(`set -e\n${script.text}`)).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(file, 'utf8')).toBe(conf({ 'web rs1': 0, 'ftp rs2': 70000 }));
      expect(statSync(file).mode & 0o777).toBe(0o640);
      // A second time nothing is written, and nothing reloaded.
      const { ino } = statSync(file);
      expect(run(`set -e\n${script.text}`).status).toBe(0);
      expect(statSync(file).ino).toBe(ino);
      writeFileSync(file, conf().replace('# Written by lvsctl', '# Written by me'));
      expect(run(`set -e\n${script.text}`).status).toBe(0);
      expect(readFileSync(file, 'utf8')).toContain('weight 100000');
    },
  );
});
