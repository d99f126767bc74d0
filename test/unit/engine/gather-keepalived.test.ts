import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { factsSections, parseFacts } from '../../../src/engine/gather.js';
import { wantedTable } from '../../../src/ipvs/index.js';
import { keepalivedHead } from '../../../src/keepalived/file.js';
import { keepalivedConf } from '../../../src/keepalived/index.js';
import { trusted } from '../../../src/shell/index.js';
import { hostShells } from '../../support/host-shells.js';
import { runIn } from '../../support/shells.js';
import { host, hostOf, service, tutorial } from '../roles/cluster.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-facts-'));
const at = (name: string) => join(folder, name);
let daemon: ChildProcess;

beforeAll(async () => {
  // The kernel calls a process by its program's name.
  copyFileSync('/bin/sleep', at('keepalived'));
  daemon = spawn(at('keepalived'), ['600']);
  await new Promise((resolve) => daemon.once('spawn', resolve));
});
afterAll(() => {
  daemon.kill();
  rmSync(folder, { recursive: true });
});

describe.each(hostShells)('facts of keepalived in $name', (shell) => {
  const factsOf = (files: Readonly<Record<'conf' | 'pid' | 'ip_vs', string | undefined>>) => {
    for (const [name, text] of Object.entries(files)) {
      rmSync(at(name), { force: true });
      if (text !== undefined) writeFileSync(at(name), text);
    }
    const script = (factsSections({ commands: [], paths: [] }).get('facts:kernel')?.text ?? '')
      .replaceAll('/etc/keepalived/keepalived.conf', at('conf'))
      .replaceAll('/var/run/keepalived.pid', at('none'))
      .replaceAll('/run/keepalived.pid', at('pid'))
      .replaceAll('/proc/net/ip_vs', at('ip_vs'));
    const result = runIn(shell, trusted(script));
    expect(result).toMatchObject({ stderr: '', status: 0 });
    const { keepalived, heldAlone, hostname } = parseFacts(new Map([['facts:kernel', result]]));
    expect(hostname).not.toBe('');
    return { keepalived, heldAlone };
  };
  const nothing = { conf: undefined, pid: undefined, ip_vs: undefined };
  const ours = '# Written by lvsctl, for lvs1\nvrrp_instance x {\n}\n';

  it('say whether it runs, and by whose file', () => {
    expect(factsOf(nothing)).toEqual({ keepalived: undefined, heldAlone: undefined });
    expect(factsOf({ ...nothing, conf: ours }).keepalived).toEqual({ running: false, ours: true });
    const pid = `${daemon.pid}\n`;
    expect(factsOf({ ...nothing, conf: ours, pid }).keepalived).toEqual({ running: true, ours: true });
    const head = keepalivedHead('lvs1', 'shop-2');
    expect(factsOf({ ...nothing, conf: `${head}\nglobal_defs {\n}\n`, pid }).keepalived).toEqual({
      running: true,
      ours: true,
      director: { host: 'lvs1', cluster: 'shop-2' },
    });
    expect(factsOf({ ...nothing, conf: '! mine\n', pid }).keepalived).toEqual({
      running: true,
      ours: false,
    });
  });

  it('tell what a file of ours has it move, as it is rendered', () => {
    const pair = tutorial({
      hosts: [
        host('lvs1', '10.83.33.83', { address6: 'fd00:83::83', prefix6: 64 }),
        host('lvs2', '10.83.33.84', { address6: 'fd00:83::84', prefix6: 64 }),
      ],
      services: [
        // More than the signs of life name.
        ...Array.from({ length: 202 }, (_, n) =>
          service({ name: `s${n}`, vip: `192.0.2.${n + 1}`, directors: ['lvs1', 'lvs2'] }),
        ),
        service({ name: 'six', vip: 'fd00:83::100', directors: ['lvs1', 'lvs2'] }),
        service({ name: 'nat', forwarding: 'nat', gateway: '10.83.33.9', directors: ['lvs1', 'lvs2'] }),
      ],
    });
    const conf = keepalivedConf({
      cluster: pair,
      host: hostOf(pair, 'lvs1'),
      services: wantedTable(pair, 'lvs1', new Map()).services,
    });
    const vips = [...pair.services.map(({ vip }) => vip), '10.83.33.9'].sort();
    expect([...(factsOf({ ...nothing, conf }).keepalived?.moves ?? [])].sort()).toEqual(vips);
    expect(factsOf({ ...nothing, conf: ours }).keepalived?.moves).toBeUndefined();
    const foreign = conf.replace('# Written by lvsctl', '# Mine');
    expect(factsOf({ ...nothing, conf: foreign }).keepalived).toBeUndefined();
  });

  it('take the number of another process, or none, for no keepalived', () => {
    for (const pid of [`${process.pid}\n`, '\n', 'x\n', ''])
      expect(factsOf({ ...nothing, conf: '', pid }).keepalived, pid).toBeUndefined();
  });

  it('have the addresses of a host with IPVS, unless it runs', () => {
    // Red Hat 9 has no ip(8), and keepalived 2 does not run there.
    const held = shell.name === 'bash on Red Hat 9' ? undefined : ['127.0.0.1'];
    const { heldAlone } = factsOf({ ...nothing, ip_vs: 'IP Virtual Server version 1.2.1\n' });
    if (held === undefined) expect(heldAlone).toBeUndefined();
    else expect(heldAlone).toEqual(expect.arrayContaining(held));
    const pid = `${daemon.pid}\n`;
    expect(factsOf({ ...nothing, ip_vs: 'x\n', pid }).heldAlone).toBeUndefined();
  });
});
