import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadPlaybook } from '../../../src/engine/index.js';
import { UsageError } from '../../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsctl-playbook-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const stage = (text: string) => `export default { name: 'p', verify: false, stages: [${text}] };\n`;

describe('a playbook of a user', () => {
  it('imports roles, resources and the site, and is what it says', async () => {
    const file = written(
      'good.ts',
      `import { definePlaybook, defineRole, sh } from 'lvsctl';
import site from 'lvsctl/playbooks/site';
import { file } from 'lvsctl/resources';
import { arp, realserver } from 'lvsctl/roles';

export default definePlaybook({
  name: 'mine',
  stages: [...site.stages, { name: 'again', hosts: (host) => host.name === 'rs1', roles: [arp, realserver], strategy: 'rolling' }],
  verify: file({ path: '/etc/motd', content: '' }).id === 'file /etc/motd' && sh\`true\`.text === 'true',
});
`,
    );
    const playbook = await loadPlaybook(file);
    expect(playbook).toMatchObject({ name: 'mine', verify: true });
    expect(playbook.stages.at(-1)).toMatchObject({ name: 'again', strategy: 'rolling' });
    expect(playbook.stages.at(-1)?.roles.map(({ name }) => name)).toEqual(['arp', 'realserver']);
    const { default: site } = await import('../../../playbooks/site.js');
    expect(playbook.stages.slice(0, -1)).toEqual(site.stages);
  });

  it('may be one of ours under another name', async () => {
    const text = "export { default } from 'lvsctl/playbooks/rebuild-legacy';\n";
    const { stages, verify } = await loadPlaybook(written('kernels.ts', text));
    expect(stages.map(({ name }) => name)).toEqual(['kernel survey', 'kernel build', 'kernel']);
    expect(verify).toBe(false);
    const { default: site } = await import('../../../playbooks/site.js');
    expect(site.stages.slice(0, 3)).toEqual(stages);
  });

  it('may roll roles of its own over the real servers', async () => {
    const text = `import { definePlaybook } from 'lvsctl';
import { rollingStages } from 'lvsctl/playbooks/rolling';
import { ftp } from 'lvsctl/roles';

export default definePlaybook({ name: 'upgrade', stages: rollingStages({ roles: [ftp], command: 'true', batch: '50%' }), verify: true });
`;
    const { stages } = await loadPlaybook(written('upgrade.ts', text));
    expect(stages.map(({ name, roles }) => [name, roles.map((role) => role.name)])).toEqual([
      ['rolling survey', ['rollingSurvey']],
      ['rolling', ['ftp', 'rolling']],
    ]);
    expect(stages[1]).toMatchObject({ strategy: 'rolling', drain: {}, batch: '50%' });
  });

  it.each([
    ['nothing', 'export default 7;\n', 'the default export is 7'],
    ['no name', 'export default { verify: false, stages: [] };\n', 'name is undefined'],
    ['no word on verify', "export default { name: 'p', stages: [] };\n", 'verify is undefined'],
    ['no stages', "export default { name: 'p', verify: true };\n", 'stages is undefined'],
    ['a stage without hosts', stage("{ name: 's', roles: [] }"), 'stages[0].hosts is undefined'],
    [
      'a strategy that is none',
      stage("{ name: 's', hosts: 'all', roles: [], strategy: 'roling' }"),
      'stages[0].strategy is "roling"',
    ],
    [
      'an order that is none',
      stage("{ name: 's', hosts: 'all', roles: [], order: 'director' }"),
      'stages[0].order is "director"',
    ],
    [
      'drained in parallel',
      stage("{ name: 's', hosts: 'all', roles: [], drain: {} }"),
      'stages[0].drain is {}',
    ],
    [
      'a batch in parallel',
      stage("{ name: 's', hosts: 'all', roles: [], batch: 2 }"),
      'stages[0].batch is 2',
    ],
    [
      'a batch of none',
      stage("{ name: 's', hosts: 'all', roles: [], strategy: 'rolling', batch: 0 }"),
      'stages[0].batch is 0',
    ],
    [
      'more than all may fail',
      stage("{ name: 's', hosts: 'all', roles: [], strategy: 'rolling', maxFailures: '101%' }"),
      'stages[0].maxFailures is "101%"',
    ],
    [
      'a wait of a text',
      stage("{ name: 's', hosts: 'all', roles: [], strategy: 'rolling', drain: { waitSeconds: '5m' } }"),
      'stages[0].drain.waitSeconds is "5m"',
    ],
    [
      'a drain that knows another word',
      stage("{ name: 's', hosts: 'all', roles: [], strategy: 'rolling', drain: { seconds: 5 } }"),
      'stages[0].drain.seconds is 5',
    ],
    [
      'busy hosts in a third way',
      stage("{ name: 's', hosts: 'all', roles: [], strategy: 'rolling', drain: { busy: 'wait' } }"),
      'stages[0].drain.busy is "wait"',
    ],
    [
      'a name in place of a role',
      stage("{ name: 's', hosts: 'all', roles: ['arp'] }"),
      'stages[0].roles[0] is "arp"',
    ],
  ])('is refused with the place of the mistake: %s', async (title, text, says) => {
    const file = written(`${title.replaceAll(' ', '-')}.ts`, text);
    const error = await loadPlaybook(file).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toBe(`${file}: ${says}`);
    expect((error as UsageError).hint).toMatch(/^it must be /);
  });
});
