import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { director } from '../../../roles/index.js';
import { recordPath } from '../../../src/ipvs/index.js';
import { debian } from '../resources/facts.js';
import { shells, temporaryFolder } from '../resources/shells.js';
import { service, tutorial } from './cluster.js';
import { input, writtenText } from './play.js';

const cluster = tutorial({
  services: [service(), service({ name: 'web', vip: '10.83.33.101', port: 80, label: '101' })],
});

/** The part of director.sh that fills the table, with a command that shows what it is called with. */
function tablePart(record: string): string {
  const script = writtenText(
    director.resources(input(director, cluster, 'director', debian)),
    '/etc/lvsctl/director.sh',
  );
  const from = script.indexOf('# Weights that an operator has set');
  const to = script.indexOf('for module in');
  const end = script.lastIndexOf('\nserver ');
  const part =
    script.slice(from, to) +
    script.slice(script.indexOf('# The table comes before'), script.indexOf('\n', end + 1));
  const calls = part.split('\n').filter((line) => line.startsWith('server ')).length;
  expect(calls).toBe(4);
  return `ipvsadm() { echo "$*"; }\nservice() { :; }\nput() { :; }\n${part.replaceAll(recordPath, record)}\n`;
}

describe('the boot script', () => {
  it.each(shells)('gives servers the weights that were recorded, in %s', (_, [program = '', ...args]) => {
    const record = join(temporaryFolder(), 'weights');
    const run = (): string[] => {
      const { stdout, stderr, status } = spawnSync(program, [...args, '-c', tablePart(record)], {
        encoding: 'utf8',
      });
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.replace(/^-a -t (\S+) -r (\S+) -g -w /, '$1 $2 '));
    };
    expect(run()).toEqual([
      '10.83.33.100:21 10.83.33.76:21 3',
      '10.83.33.100:21 10.83.33.2:21 1',
      '10.83.33.101:80 10.83.33.76:21 3',
      '10.83.33.101:80 10.83.33.2:21 1',
    ]);
    const lines = [
      '# HOST SERVICE WEIGHT WHEN WHO REASON',
      'rs1 ftp 9 2026-11-25T16:40:00Z alice@ops1',
      'rs1 ftp 0 2026-11-25T16:41:00Z alice@ops1 $(touch oops) | `x` "',
      'rs2 web 7 2026-11-25T16:41:00Z alice@ops1 a|rs1 web 5|b',
      'rs2 ftp many 2026-11-25T16:41:00Z alice@ops1',
      'rs2 ftp',
      '',
    ];
    writeFileSync(record, `${lines.join('\n')}\n`);
    expect(run()).toEqual([
      '10.83.33.100:21 10.83.33.76:21 0',
      '10.83.33.100:21 10.83.33.2:21 1',
      '10.83.33.101:80 10.83.33.76:21 3',
      '10.83.33.101:80 10.83.33.2:21 7',
    ]);
  });
});
