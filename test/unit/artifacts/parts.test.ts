import { describe, expect, it } from 'vitest';
import { artifactCacheFolder } from '../../../src/artifacts/index.js';
import { matches, pathDanger } from '../../../src/artifacts/pattern.js';
import { proxyFor } from '../../../src/artifacts/proxy.js';
import { structureOf } from '../../../src/artifacts/structure.js';
import { parseDiff } from '../../../src/artifacts/unified-diff.js';
import { artifactOf } from './artifacts.js';
import { hiddenDiff } from './hidden-diff.js';

describe('a diff', () => {
  it('is read as patch(1) does, with what stands between its parts', () => {
    const text = `From: someone\nSubject: hidden\n\n${hiddenDiff()}\n-- \nsignature\n--- no header\nOnly in linux: x\n`;
    const files = parseDiff(text);
    expect(files.map(({ after }) => after)).toEqual([
      'linux/include/linux/inetdevice.h',
      'linux/include/linux/sysctl.h',
      'linux/net/ipv4/arp.c',
      'linux/net/ipv4/devinet.c',
    ]);
    expect(files[0]?.before).toBe('v2.4.20/linux/include/linux/inetdevice.h');
    expect(files[0]?.added).toEqual(['\tint\thidden;', '\treturn 1; /* +++ new */']);
  });

  it('may take files away, end without a newline, and have lost the blank of an empty line', () => {
    const text = [
      '--- linux/gone.c\tFri Nov 29 01:53:15 2002',
      '+++ /dev/null\tThu Jan  1 01:00:00 1970',
      '@@ -1,2 +0,0 @@',
      '-one',
      '-two',
      '\\ No newline at end of file',
      '--- linux/a.c',
      '+++ linux/a.c',
      '@@ -1,2 +1,3 @@',
      ' one',
      '',
      '+two',
      '',
    ].join('\n');
    expect(parseDiff(text).map(({ after, added }) => [after, added])).toEqual([
      ['/dev/null', []],
      ['linux/a.c', ['two']],
    ]);
  });

  it.each([
    ['cut off', hiddenDiff().slice(0, -60)],
    ['cut off at a line', hiddenDiff().split('\n').slice(0, -2).join('\n')],
    ['of another length than it says', hiddenDiff().replace('+26,4', '+26,5')],
    ['with a damaged line', hiddenDiff().replace(' \tvoid', 'void')],
    ['with a damaged head', hiddenDiff().replace('@@ -40 +41 @@', '@@ -x +41 @@')],
  ])('%s is none', (_, text) => {
    expect(() => parseDiff(text)).toThrow(/hunk/);
  });

  it('without any file is empty', () => {
    expect(parseDiff('<html>\n--- a\n</html>')).toEqual([]);
  });
});

describe('a pattern', () => {
  it.each([
    ['*/Makefile', 'linux-2.4.20/Makefile', true],
    ['*/Makefile', 'linux-2.4.20/net/Makefile', false],
    ['*/Makefile', 'Makefile', false],
    ['*/*.diff', 'ipvs-1.0.9/linux_kernel_ksyms_c.diff', true],
    ['*/*.diff', 'ipvs-1.0.9/diff', false],
    ['Documentation/**', 'Documentation/networking/ip-sysctl.txt', true],
    ['net/ipv4/*.c', 'net/ipv4/ipvs/ip_vs_core.c', false],
    ['a.c', 'abc', false],
  ])('%s against %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it.each([
    ['/etc/passwd', true],
    ['a/../../b', true],
    ['..', true],
    ['a/..b/c..', false],
  ])('danger of %s: %s', (path, expected) => {
    expect(pathDanger(path) !== undefined).toBe(expected);
  });
});

describe('the inside of an artifact', () => {
  it('says its version', () => {
    const structure = structureOf(artifactOf(Buffer.of(), { kind: 'ipvs', version: '1.0.10' }));
    const check = structure?.kind === 'archive' ? structure.contents[0] : undefined;
    expect(check?.what).toBe('IP_VS_VERSION_CODE 0x01000a');
    expect(check?.pattern.test('#define IP_VS_VERSION_CODE\t\t0x01000A\n')).toBe(true);
    expect(check?.pattern.test('#define IP_VS_VERSION_CODE 0x01000ab\n')).toBe(false);
    expect(check?.pattern.test('/* IP_VS_VERSION_CODE 0x01000a */\n')).toBe(false);
  });

  it('of a kernel has its three numbers in the Makefile', () => {
    const structure = structureOf(artifactOf(Buffer.of(), { kind: 'linux', version: '2.4.20' }));
    const checks = structure?.kind === 'archive' ? structure.contents : [];
    const fits = (text: string) => checks.map(({ pattern }) => pattern.test(text));
    expect(fits('VERSION = 2\nPATCHLEVEL = 4\nSUBLEVEL = 20\nEXTRAVERSION =\n')).toEqual([true, true, true]);
    expect(fits('VERSION = 2\nPATCHLEVEL = 4\nSUBLEVEL = 2\n')).toEqual([true, true, false]);
  });
});

describe('a proxy', () => {
  const web = new URL('http://www.example.com/x');
  const secure = new URL('https://www.example.com/x');
  const proxies = { http_proxy: 'http://p1:3128', HTTPS_PROXY: 'p2:8080' };

  it('is found by the URL it is for', () => {
    expect(proxyFor(web, proxies)?.host).toBe('p1:3128');
    expect(proxyFor(secure, proxies)?.host).toBe('p2:8080');
    expect(proxyFor(secure, { all_proxy: 'http://p3:1' })?.host).toBe('p3:1');
    expect(proxyFor(web, {})).toBeUndefined();
    expect(proxyFor(web, { HTTP_PROXY: 'http://a-client-may-say-this' })).toBeUndefined();
    expect(proxyFor(web, { http_proxy: 'socks5://p:1' })).toBeUndefined();
  });

  it.each([
    ['*', true],
    ['example.com', true],
    ['.example.com', true],
    ['other.org, www.example.com:80', true],
    ['www.example.com:8080', false],
    ['ample.com', false],
    ['', false],
  ])('is not for what no_proxy %j names: %s', (list, exempt) => {
    expect(proxyFor(web, { ...proxies, no_proxy: list }) === undefined).toBe(exempt);
  });
});

describe('the cache', () => {
  it.each([
    [{ XDG_CACHE_HOME: '/c', HOME: '/home/a' }, '/c/lvsctl/artifacts'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/home/a' }, '/home/a/.cache/lvsctl/artifacts'],
    [{ XDG_CACHE_HOME: '', HOME: '/home/a' }, '/home/a/.cache/lvsctl/artifacts'],
  ])('with %j is %s', (env, folder) => {
    expect(artifactCacheFolder(env)).toBe(folder);
  });
});
