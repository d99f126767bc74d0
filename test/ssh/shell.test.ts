import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutcomeUnknownError } from '../../src/errors.js';
import { sh, trusted } from '../../src/shell/index.js';
import { environmentPasswords, type Host, openHost } from '../../src/ssh/index.js';
import { remoteShells, startSshd, type TestSshd } from '../support/sshd.js';

const passwords = environmentPasswords({}, async () => undefined);

describe.each(remoteShells)('the framed root shell, sh = %s', (shell) => {
  let sshd: TestSshd;
  let host: Host;

  beforeAll(async () => {
    sshd = await startSshd({ shell });
    host = await openHost(sshd.host(), { passwords });
  });
  afterAll(async () => {
    await host?.close();
    await sshd?.stop();
  });

  const text = async (script: string) => {
    const { stdout, stderr, status } = await host.run(trusted(script));
    return { stdout: stdout.toString('latin1'), stderr: stderr.toString('latin1'), status };
  };

  it('is the shell that the test wants', async () => {
    const { stdout } = await text('readlink /proc/$PPID/exe; readlink /proc/$$/exe; :');
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      expect.stringContaining(shell),
      expect.stringContaining(shell),
    ]);
  });

  it('keeps stdout, stderr and status apart', async () => {
    expect(await text('echo out; echo err >&2; exit 7')).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      status: 7,
    });
    expect(await text('printf x')).toEqual({ stdout: 'x', stderr: '', status: 0 });
    expect(await text('')).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  it('counts trips, and stays on one connection', async () => {
    const before = host.trips;
    await text('true');
    await text('true');
    expect(host.trips - before).toBe(2);
    expect(host.connections).toBe(1);
  });

  it('gives a command no stdin', async () => {
    expect(await text('cat; echo end')).toEqual({ stdout: 'end\n', stderr: '', status: 0 });
  });

  it('hands on all bytes, also marks of its own kind', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const octal = [...all].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    const { stdout, stderr } = await host.run(sh`printf ${octal}; printf '\001abc 0\001\001' >&2`);
    expect(stdout).toEqual(all);
    expect(stderr.toString('latin1')).toBe('\x01abc 0\x01\x01');
  });

  const nasty: readonly [string, string, number | 'any'][] = [
    ['exit', 'exit 3', 3],
    ['kill itself', 'kill -9 $$; sleep 5', 137],
    ['be replaced', 'exec false', 1],
    ['fail under set -e', 'set -e; false; echo not here', 1],
    ['leave a quote open', `echo 'open`, 2],
    ['leave a brace open', 'if true; then {', 2],
    ['leave a here-document open', 'cat <<END\nline', 'any'],
    ['close all its streams', 'exec <&- >&- 2>&-; exit 4', 4],
    ['signal its process group', 'kill 0; sleep 5', 143],
    ['trap and ignore signals', "trap '' 1 2 3 13 15; exit 5", 5],
    ['read the shell script', 'while read -r line; do echo "$line"; done; exit 6', 6],
    ['print the words of a frame', 'm x 0; printf "\\001%s b\\001" x; exit 8', 8],
  ];
  it.each(nasty)('outlives a script that wants to %s', async (_, script, status) => {
    const { connections } = host;
    const result = await text(script);
    if (status === 'any') expect(result.stdout.trim()).toBe('line');
    // Shells differ in the status of a syntax error.
    else if (status === 2) expect(result.status).toBeGreaterThan(0);
    else expect(result.status).toBe(status);
    expect(result.stdout).not.toContain('not here');
    expect(await text('echo next; exit 9')).toEqual({ stdout: 'next\n', stderr: '', status: 9 });
    expect(host.connections).toBe(connections);
  });

  it('says that the outcome is unknown when its own process is killed, and opens another shell', async () => {
    const { connections } = host;
    const failure = await host.run(sh`kill -9 $PPID; sleep 30`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutcomeUnknownError);
    expect((failure as Error).message).toMatch(/rs1: .*KILL.*outcome unknown/);
    expect(await text('echo back')).toMatchObject({ stdout: 'back\n', status: 0 });
    expect(host.connections).toBe(connections);
  });

  it('leaves the words of a background process out of the next answer', async () => {
    const said = `${sshd.folder}/said`;
    await text(`(sleep 0.2; echo late; echo late >&2; : > '${said}') & exit 0`);
    while (!existsSync(said)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await text('echo now')).toEqual({ stdout: 'now\n', stderr: '', status: 0 });
  });

  it.each([1, 60_000, 140_000, 3_000_000])(
    'runs a script of about %i bytes in one trip, values unharmed',
    async (size) => {
      const value = `it's "$HOME" \`id\` \\n ü \u0001\u007f\n${'x'.repeat(100)}`;
      const line = sh`v=${value}; n=$((\${n:-0}+1))`.text;
      const count = Math.ceil(size / line.length);
      const script = `${Array.from({ length: count }, () => line).join('\n')}\nprintf %s "$v"; cat; exit $((n % 100))`;
      const before = host.trips;
      const { stdout, stderr, status } = await host.run(trusted(script));
      expect({ stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') }).toEqual({
        stdout: value,
        stderr: '',
      });
      expect(status).toBe(count % 100);
      expect(host.trips - before).toBe(1);
    },
  );

  it('passes a long script that ends in the middle of something on as that script’s failure', async () => {
    const filler = '# comment\n'.repeat(20_000);
    expect((await text(`${filler}echo 'open`)).status).toBeGreaterThan(0);
    expect((await text(`${filler}exit 3`)).status).toBe(3);
    expect(await text(`exit 4\n${filler.repeat(10)}`)).toMatchObject({ status: 4 });
    expect(await text('echo fine')).toMatchObject({ stdout: 'fine\n', status: 0 });
  });

  it('runs calls one after the other, in the order they were made', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => host.run(sh`sleep 0.0${9 - i}; echo ${i}`)),
    );
    expect(answers.map(({ stdout }) => stdout.toString())).toEqual(
      Array.from({ length: 10 }, (_, i) => `${i}\n`),
    );
  });

  it('keeps the head of long output and streams all of it', async () => {
    let seen = 0;
    const result = await host.run(sh`head -c 5000000 /dev/zero; echo tail >&2`, {
      keep: 1000,
      onStdout: (chunk) => {
        seen += chunk.length;
      },
    });
    expect(seen).toBe(5_000_000);
    expect(result.stdout).toEqual(Buffer.alloc(1000));
    expect(result.stderr.toString()).toBe('tail\n');
    expect(result).toMatchObject({ truncated: true, status: 0 });
  });

  it('ends the wait, not the command, when it is aborted; the next call waits for the shell', async () => {
    const abort = new AbortController();
    const path = `${sshd.folder}/aborted`;
    const wait = host.run(sh`sleep 0.5; echo done > ${path}`, { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(wait).rejects.toThrow(OutcomeUnknownError);
    expect(await text(`cat '${path}'`)).toMatchObject({ stdout: 'done\n', status: 0 });
    await expect(host.run(sh`true`, { signal: abort.signal })).rejects.toThrow(/before it was sent/);
  });

  it('gives scripts a known environment', async () => {
    const { stdout } = await text('pwd; umask; echo "$LC_ALL"; date +%A >/dev/null; echo "$PATH"');
    const [folder, mask, locale, path] = stdout.split('\n');
    expect([folder, mask, locale]).toEqual(['/', '0022', 'C']);
    expect(path?.split(':')).toEqual(expect.arrayContaining(['/usr/sbin', '/sbin']));
  });
});
