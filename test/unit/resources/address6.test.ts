import { describe, expect, it } from 'vitest';
import { address } from '../../../src/resources/index.js';
import { debian } from './facts.js';
import { apply, nothingChanging, said, shells } from './shells.js';

const vip = 'fd00:83::110';
const onLo = address({ address: vip, prefix: 128, interface: 'lo', label: undefined, facts: debian });
const onNic = address({
  address: vip,
  prefix: 128,
  interface: 'eth0',
  label: undefined,
  facts: debian,
  neverSource: true,
});
/** As `ip -o addr show` of iproute2 6.1 has it. */
const line = (device: string, flags: string) =>
  `2: ${device}    inet6 ${vip}/128 scope global ${flags}\\       valid_lft forever preferred_lft 0sec\n`;

describe('an IPv6 VIP on lo', () => {
  const plan = (text: string) => onLo.plan(said(text), nothingChanging);

  it.each(['', 'nodad ', 'deprecated '])('is held: %j', (flags) =>
    expect(plan(line('lo', flags))).toBeUndefined(),
  );

  it.each([
    ['dadfailed tentative ', 'it is dadfailed, another host of the network answered for it'],
    ['tentative ', 'it is tentative, so that the kernel does not use it yet'],
  ])('is not held when it is %s', (flags, why) => {
    const change = plan(line('lo', flags));
    expect(change?.summary).toBe(`put ${vip}/128 on lo anew: ${why}`);
    expect(change?.diff).toContain(`- ${vip}/128 dev lo ${flags.trim()}\n`);
    const text = change?.apply.text ?? '';
    expect(text.indexOf(`\ntake lo ${vip}/128`)).toBeGreaterThan(0);
    expect(text.indexOf('ip addr add')).toBeGreaterThan(text.indexOf(`\ntake lo ${vip}/128`));
  });
});

describe('an IPv6 VIP on a director’s NIC', () => {
  const plan = (text: string) => onNic.plan(said(`${text}iproute2\n`), nothingChanging);

  it('is held when the host never sends from it', () => {
    expect(plan(line('eth0', 'nodad deprecated '))).toBeUndefined();
    expect(plan(line('eth0', 'deprecated '))).toBeUndefined();
  });

  it('is made so where the host would', () => {
    expect(plan(line('eth0', ''))).toMatchObject({
      summary: `never send from ${vip}/128 of eth0`,
      diff: `+ ${vip}/128 dev eth0 deprecated\n`,
    });
    expect(plan(line('eth0', ''))?.apply.text).toMatch(
      new RegExp(`ip addr change ${vip}/128 dev eth0 preferred_lft 0$`),
    );
  });

  it('is left as it is by busybox’s ip, which can’t', () => {
    expect(onNic.plan(said(line('eth0', '')), nothingChanging)).toBeUndefined();
  });

  it('comes by the way on which the kernel tells the neighbours, once', () => {
    const text = plan('')?.apply.text ?? '';
    expect(text).toContain('echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad');
    expect(text).toContain('echo 1 > /proc/sys/net/ipv6/conf/eth0/ndisc_notify');
    expect(text).not.toContain('ip addr change');
  });

  it('that is dadfailed comes anew, and never as a source', () => {
    const change = plan(line('eth0', 'dadfailed tentative '));
    expect(change?.summary).toBe(
      `put ${vip}/128 on eth0 anew: it is dadfailed, another host of the network answered for it`,
    );
    expect(change?.apply.text).not.toContain('ip addr change');
    expect(change?.apply.text).toContain(`ip addr add ${vip}/128 dev eth0 preferred_lft 0`);
  });

  it.each(shells)('is added in a way that %s understands', (_, shell) => {
    const change = plan('');
    // A NIC of that name may be there: what must not happen is a syntax error.
    const text = (change?.apply.text ?? '').replaceAll('eth0', 'no-such-nic');
    const outcome = change && apply(shell, { ...change, apply: { text } as typeof change.apply });
    expect(outcome?.stderr).not.toMatch(/syntax|unexpected|not found.*then/i);
    expect(outcome?.status).not.toBe(0);
  });
});
