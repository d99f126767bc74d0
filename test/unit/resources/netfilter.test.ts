import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseArpRules } from '../../../src/resources/arpRules.js';
import { arpRules, redirectRules } from '../../../src/resources/index.js';
import { parseRedirections } from '../../../src/resources/redirectRules.js';
import { trusted } from '../../../src/shell/index.js';
import { fakeArptables, fakeIptables } from '../../support/fake-netfilter.js';
import {
  apply,
  converge,
  fakeCommands,
  nothingChanging,
  probe,
  said,
  shells,
  temporaryFolder,
} from './shells.js';

const vip = '10.83.33.100';
const rip = '10.83.33.76';

/** A PATH with this command, and a way to call it. */
function withCommand(name: string, script: (state: string) => string) {
  const commands = fakeCommands({ [name]: script(temporaryFolder()) });
  const environment = { PATH: `${commands}:${process.env.PATH}` };
  const call = (line: string) =>
    apply(['/bin/sh'], { summary: '', apply: trusted(`${name} ${line}`) }, environment).stdout;
  return { environment, call };
}

describe.each(['jf', 'later'] as const)('rules of arptables (%s)', (kind) => {
  const [input, output] = kind === 'jf' ? ['IN', 'OUT'] : ['INPUT', 'OUTPUT'];

  it.each(shells)('are put in once, ahead of those of others, by %s', (_, shell) => {
    const { environment, call } = withCommand('arptables', (state) => fakeArptables(state, kind));
    call(`-I ${input} -s 10.9.9.9 -j DROP`);
    const resource = arpRules([{ vip, rip }, { vip: '10.83.33.101' }]);
    const { change, left } = converge(shell, resource, environment);
    expect(change?.summary).toBe(`drop ARP requests for ${vip}, 10.83.33.101 by arptables`);
    expect(change?.diff).toBe(
      `+ IN -d ${vip} -j DROP\n+ OUT -s ${vip} -j mangle --mangle-ip-s ${rip}\n+ IN -d 10.83.33.101 -j DROP\n`,
    );
    expect(left).toBeUndefined();
    const rules = parseArpRules('list', said(call('-L -n')));
    expect(rules.map((rule) => `${rule.chain} ${rule.target} ${rule.source} ${rule.destination}`)).toEqual([
      'in DROP undefined 10.83.33.101',
      `in DROP undefined ${vip}`,
      'in DROP 10.9.9.9 undefined',
      `out mangle ${vip} undefined`,
    ]);
  });

  it.each(shells)('give the host’s present address, not a former one, by %s', (_, shell) => {
    const { environment, call } = withCommand('arptables', (state) => fakeArptables(state, kind));
    call(`-I ${input} -d ${vip} -j DROP`);
    call(`-I ${output} -s ${vip} -j mangle --mangle-ip-s 10.83.33.9`);
    const { change, left } = converge(shell, arpRules([{ vip, rip }]), environment);
    expect(change?.summary).toBe(`drop ARP requests for ${vip} by arptables; take away 1 older rules`);
    expect(left).toBeUndefined();
    expect(call(`-L ${output} -n`)).not.toContain('10.83.33.9 ');
  });

  it('are not there while another condition stands on them', () => {
    const lines =
      kind === 'jf'
        ? `Chain IN (policy ACCEPT)\nDROP       0.0.0.0/0            ${vip}        00/00 00/00 any 0000/0000 0000/0000 0000/0000 -i eth1\n`
        : `Chain INPUT (policy ACCEPT)\n-j DROP -i eth1 -d ${vip} \n-j DROP ! -d ${vip}\n`;
    expect(arpRules([{ vip }]).plan(said(lines), nothingChanging)?.diff).toBe(`+ IN -d ${vip} -j DROP\n`);
  });
});

describe('a list of arptables', () => {
  it('is read in each of its forms', () => {
    const forms = [
      `Chain INPUT (policy ACCEPT)\n-j DROP -d ${vip} \n\nChain OUTPUT (policy ACCEPT)\n-j mangle -s ${vip} --mangle-ip-s ${rip} \n\nChain FORWARD (policy ACCEPT)\n`,
      // As 1.8.9 (nf_tables) prints it.
      `Chain INPUT (policy ACCEPT)\n-j DROP -d ${vip}\n\nChain OUTPUT (policy ACCEPT)\n-j mangle -s ${vip} --mangle-ip-s ${rip}\n`,
      `Chain IN (policy ACCEPT)\ntarget     source-ip            destination-ip       source-hw          destination-hw     hlen   op         hrd        pro       \nDROP       anywhere             ${vip}        anywhere           anywhere           any    any        any        any       \n\nChain OUT (policy ACCEPT)\ntarget     source-ip            destination-ip       source-hw          destination-hw     hlen   op         hrd        pro       \nmangle     ${vip}        anywhere             anywhere           anywhere           any    any        any        any       --mangle-ip-s ${rip} \n`,
    ];
    for (const form of forms)
      expect(arpRules([{ vip, rip }]).plan(said(form), nothingChanging)).toBeUndefined();
  });

  it('that is not understood changes nothing blindly', () => {
    const change = arpRules([{ vip }]).plan(said('Chain ARPIN\n'), nothingChanging);
    const { environment } = withCommand('arptables', () => 'echo "Chain ARPIN (policy ACCEPT)"');
    for (const [, shell] of shells)
      expect(change && apply(shell, change, environment)).toMatchObject({
        status: 1,
        stderr: 'arptables shows no chain that is known here: Chain ARPIN (policy ACCEPT)\n',
      });
  });

  it.each(shells)('is not asked for where there is no table, by %s', (_, shell) => {
    const commands = fakeCommands({
      arptables: 'case $1 in -V) echo v0.0.2 ;; *) echo loaded >&2; exit 1 ;; esac',
    });
    const output = probe(shell, arpRules([{ vip }]), { PATH: `${commands}:${process.env.PATH}` });
    const names = '/proc/net/arp_tables_names';
    const loadedHere = existsSync(names) && readFileSync(names, 'utf8') !== '';
    expect(output).toEqual({ stdout: '', stderr: loadedHere ? 'loaded\n' : '', status: loadedHere ? 1 : 0 });
  });
});

describe.each(['1.2.7a', 'modern'] as const)('redirection by iptables (%s)', (kind) => {
  it.each(shells)('is put in once, by %s', (_, shell) => {
    const { environment, call } = withCommand('iptables', (state) => fakeIptables(state, kind));
    call(`-t nat -A PREROUTING -p tcp -d ${vip} --dport 80 -j REDIRECT --to-ports 8080`);
    const resource = redirectRules([
      { protocol: 'tcp', vip, port: 21 },
      { protocol: 'tcp', vip, port: 80, to: 8080 },
      { protocol: 'udp', vip, port: 53, to: 5353 },
    ]);
    const { change, left } = converge(shell, resource, environment);
    expect(change?.summary).toBe(`redirect tcp ${vip}:21, udp ${vip}:53 to the host itself by iptables`);
    expect(left).toBeUndefined();
    expect(parseRedirections('list', said(call('-t nat -L PREROUTING -n -v')))).toEqual([
      { protocol: 'tcp', vip, port: 21 },
      { protocol: 'udp', vip, port: 53, to: 5353 },
      { protocol: 'tcp', vip, port: 80, to: 8080 },
    ]);
  });
});

describe('a rule of the table nat', () => {
  it.each([
    ['of another interface', `0 0 REDIRECT tcp -- eth1 * 0.0.0.0/0 ${vip} tcp dpt:21`],
    ['of another source', `0 0 REDIRECT tcp -- * * 10.9.0.0/16 ${vip} tcp dpt:21`],
    ['for more ports', `0 0 REDIRECT tcp -- * * 0.0.0.0/0 ${vip} tcp dpts:21:22`],
    ['for another address', '0 0 REDIRECT tcp -- * * 0.0.0.0/0 10.83.33.10 tcp dpt:21'],
    ['to another port', `0 0 REDIRECT tcp -- * * 0.0.0.0/0 ${vip} tcp dpt:21 redir ports 2121`],
    ['with another target', `0 0 DNAT tcp -- * * 0.0.0.0/0 ${vip} tcp dpt:21 to:10.1.1.1`],
    ['for some packets', `0 0 REDIRECT tcp -- * * 0.0.0.0/0 ${vip} tcp dpt:21 state NEW`],
  ])('%s is not ours', (_name, line) => {
    const resource = redirectRules([{ protocol: 'tcp', vip, port: 21 }]);
    expect(resource.plan(said(`${line}\n`), nothingChanging)?.diff).toBe(
      `+ -p tcp -d ${vip} --dport 21 -j REDIRECT\n`,
    );
  });

  it.each([
    `    3   180 REDIRECT   tcp  --  *      *       0.0.0.0/0            ${vip}       tcp dpt:21 `,
    `    0     0 REDIRECT   6    --  *      *       0.0.0.0/0            ${vip}         tcp dpt:21`,
  ])('is ours: %s', (line) => {
    const resource = redirectRules([{ protocol: 'tcp', vip, port: 21 }]);
    expect(resource.plan(said(`${line}\n`), nothingChanging)).toBeUndefined();
  });
});
