import { expect, test } from 'vitest';
import { addressesByIp } from '../../../src/engine/addresses.js';
import { parseFacts } from '../../../src/engine/gather.js';
import { keepalivedSync } from '../../../src/resources/index.js';
import { debian } from '../resources/facts.js';
import { nothingChanging, said } from '../resources/shells.js';

/** As iproute2 6.1 prints it, of a device whose other end is in another namespace, and of a peer link. */
const listed = `\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0@if7    inet 10.83.33.83/24 brd 10.83.33.255 scope global eth0\\       valid_lft forever preferred_lft forever
2: eth0@if7    inet 10.83.33.100/32 scope global eth0:100\\       valid_lft forever preferred_lft forever
2: eth0@if7    inet6 2001:db8::100/128 scope global nodad deprecated \\       valid_lft forever preferred_lft 0sec
3: ppp0    inet 192.0.2.1 peer 192.0.2.2/32 scope global ppp0\\       valid_lft forever preferred_lft forever
`;
const addresses = ['127.0.0.1', '10.83.33.83', '10.83.33.100', '2001:db8::100', '192.0.2.1'];

test('addresses of ip(8) are read with their interfaces, prefixes and flags', () => {
  expect(addressesByIp(listed)).toEqual([
    { interface: 'lo', address: '127.0.0.1', prefix: 8 },
    { interface: 'eth0', address: '10.83.33.83', prefix: 24 },
    { interface: 'eth0', address: '10.83.33.100', prefix: 32 },
    { interface: 'eth0', address: '2001:db8::100', prefix: 128, flags: ['nodad', 'deprecated'] },
    { interface: 'ppp0', address: '192.0.2.1', prefix: 32 },
  ]);
  expect(addressesByIp('')).toEqual([]);
});

/** None of ip(8)'s lines, with the words of one. */
const noise = 'router: no inet 10.83.33.99 here\n';

test('facts and sync daemons take nothing else for an address', () => {
  const output = said(`release 6.1.0\nheld alone\n${noise}${listed}`);
  expect(parseFacts(new Map([['facts:kernel', output]])).heldAlone).toEqual(addresses);
  const sync = (vip: string) =>
    keepalivedSync({ wanted: { interface: 'eth0', id: 7 }, vips: [vip], facts: debian }).plan(
      said(noise + listed),
      nothingChanging,
    )?.summary;
  expect(sync('10.83.33.100')).toMatch(/^start the master/);
  expect(sync('10.83.33.99')).toMatch(/^start the backup/);
});
