import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sh, shLines } from '../../../src/shell/index.js';
import { arpScript, parseArpAnswers } from '../../../src/verify/arp.js';
import { bounded } from '../../../src/verify/clients/shell.js';

const vip = '10.83.33.100';

describe('answers to ARP', () => {
  it.each<[string, string, string[]]>([
    [
      'iputils 20221126',
      `arp: ARPING 10.83.33.100 from 10.83.33.50 eth0
arp: Unicast reply from 10.83.33.100 [02:00:0A:53:21:53]  0.712ms
arp: Unicast reply from 10.83.33.100 [02:00:0A:53:21:4C]  0.914ms
arp: Unicast reply from 10.83.33.100 [02:00:0A:53:21:53]  0.688ms
arp: Sent 2 probes (2 broadcast(s))
arp: Received 3 response(s)`,
      ['02:00:0a:53:21:53', '02:00:0a:53:21:4c'],
    ],
    [
      'iputils, a reply meant for another address',
      'arp: Unicast reply from 10.83.33.100 for 10.83.33.50 [02:00:0A:53:21:53]  0.7ms',
      ['02:00:0a:53:21:53'],
    ],
    [
      'busybox 1.35',
      `arp: ARPING 10.83.33.100 from 10.83.33.50 eth0
arp: Unicast reply from 10.83.33.100 [2:0:a:53:21:53] 0.712ms
arp: Sent 3 probe(s) (3 broadcast(s))
arp: Received 1 response(s) (0 request(s), 0 broadcast(s))`,
      ['02:00:0a:53:21:53'],
    ],
    [
      'Thomas Habets 2.23',
      `arp: ARPING 10.83.33.100
arp: 60 bytes from 02:00:0a:53:21:53 (10.83.33.100): index=0 time=712.000 usec
arp: 60 bytes from 02:00:0a:53:21:02 (10.83.33.100): index=1 time=912.000 usec
arp: Timeout`,
      ['02:00:0a:53:21:53', '02:00:0a:53:21:02'],
    ],
    [
      'the kernel’s table',
      `arp: table 10.83.33.100 02:00:0a:53:21:53
arp: table 10.83.33.100 00:00:00:00:00:00
arp: table 10.83.33.100 02:00:0a:53:21:4c`,
      ['02:00:0a:53:21:53', '02:00:0a:53:21:4c'],
    ],
    ['another address', 'arp: Unicast reply from 10.83.33.10 [02:00:0A:53:21:53]  0.712ms', []],
    ['no answer', 'arp: Sent 3 probes (3 broadcast(s))\narp: Received 0 response(s)', []],
    ['an error', 'arp: arping: Interface "eth7" is not ARPable', []],
    ['nothing', '', []],
  ])('%s', (_, output, macs) => {
    expect(parseArpAnswers(output, vip)).toEqual(macs);
  });

  it('are read from any text without a complaint', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseArpAnswers(text, vip))));
  });
});

describe('the question', () => {
  it('passes a device and an address as words, whatever they are', async () => {
    const { define, run } = arpScript('eth0; echo pwned', '10.0.0.1 $(echo pwned)');
    const script = shLines(sh`arping() { for word in "$@"; do echo "<$word>"; done; }`, bounded, define, run);
    const { stdout } = await execa('/bin/sh', ['-c', script.text], { stdin: 'ignore' });
    expect(stdout.split('\n')).toContain('arp: <eth0; echo pwned>');
    expect(stdout.split('\n')).toContain('arp: <10.0.0.1 $(echo pwned)>');
    expect(stdout.split('\n')).not.toContain('arp: pwned');
  });
});
