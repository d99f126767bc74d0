import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LvsctlError } from '../../../src/errors.js';
import { block, bootScript, linkUp, modulesAtBoot } from '../../../src/resources/index.js';
import { trusted } from '../../../src/shell/index.js';
import { debian, redhat9 } from './facts.js';
import { converge, fakeCommands, nothingChanging, probe, said, shells, temporaryFolder } from './shells.js';

/** Lines of the file that a block's change makes where there is none. */
function linesOf(name: string): string[] {
  const change = block({ path: '/etc/rc.local', name, body: ': ours\n' }).plan(
    said('absent\n'),
    nothingChanging,
  );
  return (change?.diff ?? '').split('\n').filter((line) => line.startsWith('+') && !line.startsWith('+++'));
}

describe('names in files that a shell reads', () => {
  it('a line break in a block’s name makes no line of the file', () =>
    expect(linesOf('x\nreboot')).toEqual(['+# BEGIN lvsctl x reboot', '+: ours', '+# END lvsctl x reboot']));

  it('a block is found again by such a name', () => {
    const path = `${temporaryFolder()}/rc.local`;
    for (const [, shell] of shells)
      expect(converge(shell, block({ path, name: 'x\nreboot', body: ': ours\n' })).left).toBeUndefined();
  });

  it('a module’s name is one word of rc.local', () => {
    const change = modulesAtBoot('x', ['$(reboot)'], redhat9).plan(said('absent\n'), nothingChanging);
    expect(change?.diff).toContain("+modprobe '$(reboot)'");
  });

  it.each(['x; reboot', 'x y', 'x\ny', '../x', '-x', '$(reboot)', ''])(
    'no boot script is called %j',
    (name) =>
      expect(() => bootScript({ name, description: '', text: '', facts: debian })).toThrow(LvsctlError),
  );
});

describe.each(shells)('flags of an interface are text, sh = %s', (_, shell) => {
  it('and nothing to calculate with', () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/tunl0`);
    const link = linkUp({ interface: 'tunl0', facts: debian });
    const elsewhere = { ...link, probe: trusted(link.probe.text.replaceAll('/sys/class/net', folder)) };
    const commands = fakeCommands({ betray: `: > ${folder}/executed` });
    const observe = (flags: string): string => {
      writeFileSync(`${folder}/tunl0/flags`, `${flags}\n`);
      return probe(shell, elsewhere, { PATH: `${commands}:${process.env.PATH}` }).stdout.trim();
    };
    expect(['0x1003', '0x1002', '0x8d'].map(observe)).toEqual(['up', 'down', 'up']);
    expect(observe('a[$(betray)]')).toBe('down');
    expect(existsSync(`${folder}/executed`)).toBe(false);
  });
});
