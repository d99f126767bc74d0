import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  type ReadStream,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Change } from '../../../src/engine/resource.js';
import { quote } from '../../../src/shell/index.js';
import { bytesOf } from '../../support/change-files.js';
import type { FakeKernel, FakeResult } from './fake-kernel.js';

export interface ShellResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command in PATH: hands its words (and for -R its stdin) to the kernel in the test through pipes, and answers as that says. */
const client = (folder: string) => `#!/bin/sh
cd ${quote(folder)} || exit 99
{ printf '%s\\n' "$#" "$@"; [ "$1" != -R ] || cat; echo @@end; } >question
read -r status <answer || exit 99
if [ "$status" = 0 ]; then cat output; else cat output >&2; fi
exit "$status"
`;

/** A fake kernel's table behind a command `ipvsadm`, and a shell that finds it first. */
export class FakeHost {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lvsctl-ipvs-'));
  #questions: ReadStream | undefined;
  #answers: number | undefined;
  /** Commands that the shell has run. */
  readonly commands: string[] = [];
  /** Called before each command: what happens on the host meanwhile. */
  onCommand: (command: string) => void = () => {};
  /** Commands that fail without a word of output, as one that was killed. */
  broken: (command: string) => boolean = () => false;

  constructor(readonly kernel: FakeKernel) {}

  start(): void {
    execFileSync('mkfifo', [join(this.#folder, 'question'), join(this.#folder, 'answer')]);
    writeFileSync(join(this.#folder, 'ipvsadm'), client(this.#folder));
    chmodSync(join(this.#folder, 'ipvsadm'), 0o755);
    // Opened for writing too, so that the end of one command's words is not the end of all; and now, since the folder may be gone soon.
    const question = join(this.#folder, 'question');
    this.#questions = createReadStream(question, { fd: openSync(question, 'r+') });
    // Held open too: what is written while the client before closes its end would be lost with it.
    const answers = openSync(join(this.#folder, 'answer'), 'r+');
    this.#answers = answers;
    let lines: string[] = [];
    createInterface({ input: this.#questions }).on('line', (line) => {
      if (line !== '@@end') {
        lines.push(line);
        return;
      }
      const words = Number(lines[0]);
      const { status, output } = this.#answer(lines.slice(1, words + 1), lines.slice(words + 1).join('\n'));
      lines = [];
      const text = output === '' || output.endsWith('\n') ? output : `${output}\n`;
      writeFileSync(join(this.#folder, 'output'), text);
      writeSync(answers, `${status}\n`);
    });
  }

  stop(): void {
    this.#questions?.destroy();
    if (this.#answers !== undefined) closeSync(this.#answers);
    this.#answers = undefined;
    // Ends a read that the closed stream may still have under way.
    writeFileSync(join(this.#folder, 'question'), '\n', { flag: 'r+' });
    rmSync(this.#folder, { recursive: true });
  }

  #answer(args: readonly string[], stdin: string): FakeResult {
    this.onCommand(args.join(' '));
    this.commands.push(args.join(' '));
    const result = this.#result(args, stdin);
    writeFileSync(join(this.#folder, 'ip_vs'), this.kernel.proc());
    return result;
  }

  #result(args: readonly string[], stdin: string): FakeResult {
    if (this.broken(args.join(' '))) return { status: 137, output: '' };
    const [command, ...rest] = args;
    if (command === '-R') return this.kernel.restore(stdin);
    if (command === '-Ln' && rest[0] === '--thresholds')
      return { status: 0, output: this.kernel.thresholds() };
    return this.kernel.run(args);
  }

  /** Where the files of the host lie that a test makes: `ip_vs` is always the kernel's. */
  get folder(): string {
    return this.#folder;
  }

  /** Runs a change as the engine does: `set -e`, no stdin, its files in a folder. */
  run(shell: readonly string[], change: Change): Promise<ShellResult> {
    for (const [name, content] of Object.entries(change.files ?? {}))
      writeFileSync(join(this.#folder, name), bytesOf(content));
    return this.script(shell, `set -e\n${change.apply.text}`);
  }

  script(shell: readonly string[], text: string): Promise<ShellResult> {
    writeFileSync(join(this.#folder, 'ip_vs'), this.kernel.proc());
    const [command = 'sh', ...words] = shell;
    const env = {
      ...process.env,
      PATH: `${this.#folder}:${process.env.PATH ?? ''}`,
      LVSCTL_FILES: this.#folder,
    };
    return new Promise((resolve) => {
      const own = text
        .replaceAll('/proc/sys/net/ipv4/icmp_ratelimit', join(this.#folder, 'icmp_ratelimit'))
        .replaceAll('/proc/sys/net/ipv6/icmp/ratelimit', join(this.#folder, 'icmp6_ratelimit'));
      const child = execFile(command, [...words, '-c', own], { env }, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      );
      child.stdin?.end();
    });
  }
}
