import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { block, file } from '../../src/resources/index.js';
import { provisionResources } from '../support/run-playbook.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';

const every = Buffer.concat(
  Array.from({ length: 256 }, (_, byte) => Buffer.from([0x23, byte, 0xc3, byte, 0x0a])),
);
const latin1 = Buffer.from('# D\xe9marrage\n', 'latin1');

describe.each(remoteShells)('files of the host in another encoding, sh is %s', (shell) => {
  let sshd: TestSshd;
  let work: string;
  beforeEach(async () => {
    work = mkdtempSync(join(tmpdir(), 'lvsctl-bytes-'));
    sshd = await startSshd({ shell, hostKeyTypes: ['ed25519'] });
  });
  afterEach(async () => {
    await sshd.stop();
    rmSync(work, { recursive: true, force: true });
  });

  it('keep every byte through probe, plan, job and proof', async () => {
    const [rcLocal, made] = [join(work, 'rc.local'), join(work, 'made')];
    writeFileSync(rcLocal, Buffer.concat([latin1, every, Buffer.from('exit 0\n')]));
    writeFileSync(made, every);
    const resources = [
      block({ path: rcLocal, name: 'director', body: '/bin/sh /etc/lvsctl/director.sh\n' }),
      file({
        path: made,
        content: (present = '') => (present.endsWith('ours\n') ? present : `${present}ours\n`),
      }),
    ];
    const first = await provisionResources(sshd.host(), resources);
    expect(first.outcome).toMatchObject({ changed: 2, failed: 0 });
    const marked = '# BEGIN lvsctl director\n/bin/sh /etc/lvsctl/director.sh\n# END lvsctl director\n';
    expect(readFileSync(rcLocal)).toEqual(Buffer.concat([latin1, every, Buffer.from(`${marked}exit 0\n`)]));
    expect(readFileSync(made)).toEqual(Buffer.concat([every, Buffer.from('ours\n')]));
    expect((await provisionResources(sshd.host(), resources)).outcome).toMatchObject({
      changed: 0,
      failed: 0,
    });
  });
});
