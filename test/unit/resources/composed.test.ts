import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Resource } from '../../../src/engine/resource.js';
import { planAll } from '../../../src/engine/work.js';
import { block, persistentSysctl } from '../../../src/resources/index.js';
import { redhat9 } from './facts.js';
import { apply, probe, said, shells } from './shells.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-composed-'));
afterEach(() => rmSync(join(folder, 'rc.local'), { force: true }));

/** Plans as the engine does: all from what was there before the first change. */
function planned(resources: readonly Resource[], outputs: ReadonlyMap<string, ReturnType<typeof said>>) {
  const work = {
    resources: resources.map((resource) => ({ role: 'test', resource })),
    publish: new Map(),
    remarks: [],
  };
  return planAll(work, outputs, 'rs1').map(({ change }) => change);
}

describe('several changes of one file in one plan', () => {
  it.each(shells)('each keep what the others wrote, by %s', (_, shell) => {
    const path = join(folder, 'rc.local');
    writeFileSync(path, Buffer.from('#!/bin/sh\n# \xe9\nexit 0\n', 'latin1'));
    const resources = ['one', 'two', 'three'].map((name) => block({ path, name, body: `${name}\n` }));
    const observe = () => new Map(resources.map((one) => [one.id, probe(shell, one)]));
    const changes = planned(resources, observe());
    expect(changes).toHaveLength(3);
    expect(changes[1]?.diff).not.toContain('+# BEGIN lvsctl one');
    for (const change of changes) expect(apply(shell, change)).toMatchObject({ status: 0 });
    const blocks = ['one', 'two', 'three'].map(
      (name) => `# BEGIN lvsctl ${name}\n${name}\n# END lvsctl ${name}\n`,
    );
    expect(readFileSync(path, 'latin1')).toBe(`#!/bin/sh\n# \xe9\n${blocks.join('')}exit 0\n`);
    expect(planned(resources, observe())).toEqual([]);
  });

  it('two roles’ settings in /etc/sysctl.conf', () => {
    const settings = (name: string, key: string) =>
      persistentSysctl({ name, settings: [{ key, value: 1 }], facts: redhat9 });
    const resources = [settings('arp', 'net/ipv4/a'), settings('realserver', 'net/ipv4/b')];
    const conf = said('@@ /etc/sysctl.conf\n# first\n');
    const changes = planned(resources, new Map(resources.map(({ id }) => [id, conf])));
    expect(changes[1]?.writes).toEqual({
      '/etc/sysctl.conf':
        '# first\n# BEGIN lvsctl arp\nnet.ipv4.a = 1\n# END lvsctl arp\n# BEGIN lvsctl realserver\nnet.ipv4.b = 1\n# END lvsctl realserver\n',
    });
    expect(changes[1]?.apply.text).toContain('net.ipv4.a = 1');
  });
});
