import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VirtualService } from '../../../src/ipvs/index.js';
import { applyOperations } from '../../../src/resources/index.js';
import { trusted } from '../../../src/shell/index.js';
import { apply, fakeCommands, shells, temporaryFolder } from '../resources/shells.js';

const service = (scheduler: string): VirtualService => ({
  id: { kind: 'address', protocol: 'tcp', address: '10.83.33.100', port: 21 },
  scheduler,
  schedulerFlags: [],
  persistence: 'none',
  onePacket: false,
  destinations: [],
});
const text = applyOperations([{ kind: 'editService', before: service('rr'), service: service('wrr') }]).apply
  .text;

describe.each(shells)('the limit of ICMP’s answers while a scheduler changes, by %s', (_, shell) => {
  /** What it is while ipvsadm runs, and afterwards. */
  const limits = (before: string, ipvsadm = '') => {
    const folder = temporaryFolder();
    const [limit, seen] = [join(folder, 'limit'), join(folder, 'seen')];
    writeFileSync(limit, `${before}\n`);
    const own = text
      .replaceAll('/proc/sys/net/ipv4/icmp_ratelimit', limit)
      .replaceAll('/proc/sys/net/ipv6/icmp/ratelimit', join(folder, 'none'));
    const fakes = fakeCommands({ ipvsadm: `cat ${limit} > ${seen}; ${ipvsadm}` });
    const { status } = apply(
      shell,
      { summary: '', diff: '', apply: trusted(own) },
      { PATH: `${fakes}:${process.env.PATH}` },
    );
    return { status, during: readFileSync(seen, 'utf8').trim(), after: readFileSync(limit, 'utf8').trim() };
  };

  it('comes back', () => expect(limits('250')).toEqual({ status: 0, during: '86400000', after: '250' }));

  it('comes back where the change is refused', () =>
    expect(limits('250', 'exit 3')).toEqual({ status: 3, during: '86400000', after: '250' }));

  it('is the kernel’s own where a run before was killed and left it closed', () =>
    expect(limits('86400000')).toEqual({ status: 0, during: '86400000', after: '1000' }));
});
