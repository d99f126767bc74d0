import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LvsctlError } from '../../../src/errors.js';
import { HostKeyCheck } from '../../../src/ssh/host-keys.js';
import { fingerprint, knownHostsName, matchesHost, parseKnownHosts } from '../../../src/ssh/known-hosts.js';

// From ssh-keygen of OpenSSH 9.2; the fingerprints are what `ssh-keygen -l` says of them.
const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIt2eXZEkELdUbKGIdY+foRtY5/P1KDJvRkvVTpGEK6D';
const ed25519Print = 'SHA256:92eulIWBf90GfH8qobwxjclLbtJwTxnnOqkggX7pED8';
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIaqgM3fH6HR5H31kCU7RKaOKsaMk3dxVYXsPG1I2yxX';
const rsa =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDCYJE10ZoK4f1T5NT6UaqECfWpEWDOA95oPAVTuUdossqmbx+1YBbdPrQdLu0wfcX1G6v5OouOLkkmb1MVFm2/KhxVTD2/nKvVKaXTVrJRsTVVnaV+FZo2wGICL3kXcK/8dDRM2raGh0UJI3LdwLyqIC5wBe9BG6ppW1Ld263SY0PDUpngCPJ2s3V80GkqVVHBU2esz3oBrhatZcr4JccWgk/LnPTn292t1ZiLAVKm+5qOe/j6SCPGV3xKs/c43lL6hsEgUj2Fem25/gyf8oKEPfhpZNe7fE+yBJQy3AemOBx79zpoLmFsqxG1hcuH9e8MTNXrFocj/a1UnqrbLwqx';
const rsaPrint = 'SHA256:nVT7ncFVX2sp9aQj5j1iEa4l2cKTa12OnxLtVwXkx7M';
/** Lines for 10.83.33.76 and [10.83.33.76]:2222, made by `ssh-keygen -H`. */
const hashed = `|1|fhG6oOS9c9yuNM35Eo53fiYgAgw=|QIBwZDsT9KPJWtQn3kH85w39kxY= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIt2eXZEkELdUbKGIdY+foRtY5/P1KDJvRkvVTpGEK6D
|1|y8jeiny88x96kojovgX2QtKyDo0=|7gZ15ETnDlIZeTaU5a7vRzCf0YI= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIt2eXZEkELdUbKGIdY+foRtY5/P1KDJvRkvVTpGEK6D`;

const blob = (line: string) => Buffer.from(line.split(' ')[1] as string, 'base64');

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsctl-known-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(...lines: string[]): string {
  const path = join(folder, `known-${count++}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function check(files: string[], changes: Partial<ConstructorParameters<typeof HostKeyCheck>[0]> = {}) {
  return new HostKeyCheck({
    name: 'rs1',
    hostName: '10.83.33.76',
    port: 22,
    user: 'root',
    hostKeys: 'strict',
    knownHostsFiles: files,
    ...changes,
  });
}

function refusal(checking: HostKeyCheck, key: string): LvsctlError {
  try {
    checking.accept(blob(key));
  } catch (error) {
    return error as LvsctlError;
  }
  throw new Error('it was accepted');
}

describe('a line of known_hosts', () => {
  const entry = (text: string) => parseKnownHosts('f', `${text} ${ed25519}`)[0];
  it.each([
    ['rs1', 'rs1', true],
    ['rs1', 'rs2', false],
    ['RS1', 'rs1', true],
    ['a,rs1,b', 'rs1', true],
    ['*', 'rs1', true],
    ['rs?', 'rs1', true],
    ['rs?', 'rs10', false],
    ['10.83.33.*', '10.83.33.76', true],
    ['10.83.33.*', '10183x33.76', false],
    ['10.83.33.*,!10.83.33.76', '10.83.33.76', false],
    ['!10.83.33.76,10.83.33.*', '10.83.33.2', true],
    ['!rs2', 'rs1', false],
    ['[rs1]:2222', '[rs1]:2222', true],
    ['[rs1]:2222', 'rs1', false],
    ['rs1', '[rs1]:2222', false],
    ['[*.example.org]:2222', '[rs1.example.org]:2222', true],
    ['(rs1|rs2)+', 'rs1', false],
  ])('%s is about %s: %s', (patterns, name, expected) => {
    const parsed = entry(patterns);
    expect(parsed && matchesHost(parsed, name)).toBe(expected);
  });

  it('may hide the name behind a hash, as ssh-keygen -H does', () => {
    const [first, second] = parseKnownHosts('f', hashed);
    if (!first || !second) throw new Error('not parsed');
    expect(matchesHost(first, '10.83.33.76')).toBe(true);
    expect(matchesHost(first, '10.83.33.2')).toBe(false);
    expect(matchesHost(second, '[10.83.33.76]:2222')).toBe(true);
    expect(matchesHost(second, '10.83.33.76')).toBe(false);
  });

  it('is passed over when it is a comment, broken, of protocol 1 or of a type that is not the key’s', () => {
    const text = `# comment\n\nrs1\nrs1 ssh-rsa\nrs1 1024 35 12345\nrs1 ssh-rsa ${ed25519.split(' ')[1]}\n@what rs1 ${ed25519}\n\trs1\t${ed25519}\tcomment`;
    expect(parseKnownHosts('f', text).map(({ line, type }) => [line, type])).toEqual([[8, 'ssh-ed25519']]);
  });

  it('names other ports in brackets', () => {
    expect(knownHostsName('Rs1', 22)).toBe('rs1');
    expect(knownHostsName('fd00::1', 2222)).toBe('[fd00::1]:2222');
  });
});

describe('a host key', () => {
  it('has the fingerprint that OpenSSH prints', () => {
    expect(fingerprint(blob(ed25519))).toBe(ed25519Print);
    expect(fingerprint(blob(rsa))).toBe(rsaPrint);
  });

  it('is taken when any file knows it, by its port', () => {
    const files = [
      join(folder, 'none'),
      file(`rs9 ${other}`),
      file(`10.83.33.76 ${rsa}`, `10.83.33.76 ${ed25519}`),
    ];
    check(files).accept(blob(ed25519));
    check(files).accept(blob(rsa));
    check([file(`[10.83.33.76]:2222 ${ed25519}`)], { port: 2222 }).accept(blob(ed25519));
    check([file(hashed)]).accept(blob(ed25519));
    check([file(hashed)], { port: 2222 }).accept(blob(ed25519));
  });

  it('is taken at another port too when it is the host’s, as OpenSSH does', () => {
    check([file(`10.83.33.76 ${ed25519}`)], { port: 2222 }).accept(blob(ed25519));
    expect(refusal(check([file(`10.83.33.76 ${ed25519}`)], { port: 2222 }), other).message).toMatch(
      /is not known/,
    );
  });

  it('is taken when one of several lines has it', () => {
    check([file(`10.83.33.76 ${other}`, `10.83.33.76 ${ed25519}`)]).accept(blob(ed25519));
  });

  it('tells the types to ask for first', () => {
    expect(check([file(`10.83.33.76 ${rsa}`, `rs9 ${ed25519}`)]).knownTypes).toEqual(new Set(['ssh-rsa']));
    expect(check([file(`@revoked * ${ed25519}`)]).knownTypes).toEqual(new Set());
  });

  it('is refused when it is unknown, with the fingerprint and the ways out', () => {
    const known = file(`rs9 ${ed25519}`);
    const error = refusal(check([known], { port: 2222 }), ed25519);
    expect(error.message).toContain(`ssh-ed25519 ${ed25519Print}, is not known`);
    expect(error.message).toContain(`[10.83.33.76]:2222 in ${known}`);
    expect(error.hint).toContain(`ssh-keyscan -p 2222 -t ed25519 10.83.33.76 >> ${known}`);
    expect(error.hint).toContain('ssh -p 2222 root@10.83.33.76');
    expect(error.hint).toContain(`'accept-new'`);
    expect(readFileSync(known, 'utf8')).toBe(`rs9 ${ed25519}\n`);
  });

  it.each(['strict', 'accept-new'] as const)(
    'is refused when it was changed, with file and line (%s)',
    (hostKeys) => {
      const known = file('# first', `10.83.33.76 ${ed25519}`);
      const error = refusal(check([known], { hostKeys }), other);
      expect(error.message).toContain(`is not the one known from ${known}:2, ${ed25519Print}`);
      expect(error.hint).toContain(`ssh-keygen -R 10.83.33.76 -f ${known}`);
      expect(readFileSync(known, 'utf8')).not.toContain(other);
    },
  );

  it.each(['strict', 'accept-new'] as const)(
    'is refused when it is of another type than the known ones (%s)',
    (hostKeys) => {
      const known = file(`10.83.33.76 ${ed25519}`);
      const error = refusal(check([known], { hostKeys }), rsa);
      expect(error.message).toContain(`of another type than the one known from ${known}:1 (ssh-ed25519)`);
    },
  );

  it.each(['strict', 'accept-new'] as const)(
    'is refused when it is revoked, also where it is known (%s)',
    (hostKeys) => {
      const known = file(`10.83.33.76 ${ed25519}`);
      const revoked = file(`@revoked * ${ed25519}`);
      const error = refusal(check([known, revoked], { hostKeys }), ed25519);
      expect(error.message).toContain(`is revoked by ${revoked}:1`);
      check([file(`10.83.33.76 ${other}`, `@revoked * ${ed25519}`)], { hostKeys }).accept(blob(other));
    },
  );

  it('is not taken from a @cert-authority line, and the error says why', () => {
    const known = file(`@cert-authority * ${ed25519}`);
    const error = refusal(check([known]), ed25519);
    expect(error.message).toMatch(/is not known/);
    expect(error.hint).toContain(`@cert-authority line ${known}:1 is not used`);
  });

  it('is written down under accept-new when the host has none, and known from then on', () => {
    const first = join(folder, 'new', 'deep', 'known_hosts');
    const second = file(`rs9 ${ed25519}`);
    const files = [first, second];
    check(files, { hostKeys: 'accept-new', port: 2222 }).accept(blob(ed25519));
    expect(readFileSync(first, 'utf8')).toBe(`[10.83.33.76]:2222 ${ed25519}\n`);
    expect(statSync(first).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    expect(readFileSync(second, 'utf8')).toBe(`rs9 ${ed25519}\n`);
    check(files, { port: 2222 }).accept(blob(ed25519));
    expect(refusal(check(files, { hostKeys: 'accept-new', port: 2222 }), other).message).toMatch(
      /not the one known/,
    );
  });

  it('is written on a line of its own, after a file that does not end in one', () => {
    const known = join(folder, 'unended');
    writeFileSync(known, `rs9 ${ed25519}`);
    check([known], { hostKeys: 'accept-new' }).accept(blob(other));
    check([known], { hostKeys: 'accept-new', hostName: 'rs2' }).accept(blob(rsa));
    expect(readFileSync(known, 'utf8')).toBe(`rs9 ${ed25519}\n10.83.33.76 ${other}\nrs2 ${rsa}\n`);
  });

  it('can’t be looked up in a file that is none', () => {
    expect(existsSync(folder)).toBe(true);
    expect(() => check([folder])).toThrow(/the known hosts can't be read: EISDIR/);
  });

  it('can’t be written into a file that is closed: the error says which', () => {
    const closed = join(file('x'), 'known_hosts');
    chmodSync(folder, 0o755);
    expect(() => check([closed], { hostKeys: 'accept-new' })).toThrow(/can't be read: ENOTDIR/);
  });
});
