import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutcomeUnknownError } from '../../../src/errors.js';
import type { Sh } from '../../../src/shell/index.js';
import type { CommandResult, Host, RunOptions } from '../../../src/ssh/host.js';
import { FakeHost } from './fake-ipvsadm.js';
import type { FakeKernel } from './fake-kernel.js';

/** A director whose scripts run in a shell of this machine, on a fake kernel, with its /proc and /var/lib/lvsctl in a folder. */
export class FakeDirector implements Host {
  readonly connections = 1;
  readonly closed = new Promise<undefined>(() => undefined);
  trips = 0;
  readonly fake: FakeHost;
  /** The connection is lost at the trip of this number. */
  losesAt: number | undefined;

  constructor(
    readonly name: string,
    readonly kernel: FakeKernel,
    readonly shell: readonly string[] = ['sh'],
  ) {
    this.fake = new FakeHost(kernel);
    this.fake.start();
  }

  async run(script: Sh, options: RunOptions = {}): Promise<CommandResult> {
    this.trips += 1;
    if (this.trips === this.losesAt)
      throw new OutcomeUnknownError('the connection was lost', { host: this.name });
    if (options.signal?.aborted) throw new OutcomeUnknownError('cancelled', { host: this.name });
    const text = script.text
      .replaceAll('/proc/net/ip_vs', join(this.fake.folder, 'ip_vs'))
      .replaceAll('/proc/sys/net/ipv4/vs/', join(this.fake.folder, 'vs-'))
      .replaceAll('/etc/keepalived', join(this.fake.folder, 'etc-keepalived'))
      .replaceAll('/var/lib/lvsctl', join(this.fake.folder, 'state'));
    const { status, stdout, stderr } = await this.fake.script(this.shell, text);
    return { status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), truncated: false };
  }

  /** The record's file without its comments. */
  get record(): string {
    const path = join(this.fake.folder, 'state', 'weights');
    return existsSync(path) ? readFileSync(path, 'utf8').replaceAll(/^#.*\n/gm, '') : '';
  }

  /** Lines of /proc/net/ip_vs_conn. */
  set connectionTable(text: string) {
    writeFileSync(join(this.fake.folder, 'ip_vs_conn'), text);
  }

  /** keepalived.conf. */
  set conf(text: string) {
    mkdirSync(join(this.fake.folder, 'etc-keepalived'), { recursive: true });
    writeFileSync(join(this.fake.folder, 'etc-keepalived', 'keepalived.conf'), text);
  }

  get conf(): string {
    return readFileSync(join(this.fake.folder, 'etc-keepalived', 'keepalived.conf'), 'utf8');
  }

  set quiescentExpires(value: 0 | 1) {
    writeFileSync(join(this.fake.folder, 'vs-expire_quiescent_template'), `${value}\n`);
  }

  upload(): Promise<void> {
    throw new Error('nothing is uploaded here');
  }
  download(): Promise<never> {
    throw new Error('nothing is downloaded here');
  }
  async close(): Promise<void> {
    this.fake.stop();
  }
}
