import { readFileSync } from 'node:fs';
import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import { LvsctlError } from '../errors.js';
import type { JumpSettings, PasswordSource } from '../inventory/cluster.js';
import { type Hop, sshCommand } from './explain.js';

interface IdentityFile {
  readonly path: string;
  readonly key: ParsedKey | undefined;
  /** The file's text when it is encrypted. */
  readonly encrypted: Buffer | undefined;
}

/**
 * The ways into one server, in order: plain keys, the agent, encrypted keys, password, keyboard-interactive.
 * The server's `none` answer, which costs a round trip, is asked for only when there is no key and no agent.
 * A secret is asked for at the moment it is tried, so never in vain.
 */
export class Login {
  /** What was tried or passed over and why, for the error at the end. */
  readonly #tried: string[] = [];
  readonly #missing = new Set<string>();
  readonly #methods: AsyncGenerator<AnyAuthMethod, void>;
  #permitted: readonly string[] | null = null;

  constructor(
    readonly hop: Hop,
    readonly settings: JumpSettings,
    readonly passwords: PasswordSource,
  ) {
    this.#methods = this.#all();
  }

  /**
   * @param permitted what the server still takes; null before its first answer
   * @returns the next way, or undefined when none is left
   */
  async next(permitted: readonly string[] | null): Promise<AnyAuthMethod | undefined> {
    this.#permitted = permitted;
    const step = await this.#methods.next();
    return step.done ? undefined : step.value;
  }

  /** Adds to what the error tells. */
  note(text: string): void {
    this.#tried.push(text);
  }

  /** The agent that was about to be asked did not answer. */
  agentFailed(message: string): void {
    this.#tried.pop();
    this.note(`agent ${this.settings.agent} (${message})`);
  }

  refused(reason?: string): LvsctlError {
    const { user, hostName, port } = this.hop;
    const tried = this.#tried.length > 0 ? this.#tried.join('; ') : 'nothing to try';
    const accepts = this.#permitted ? `; the server takes ${this.#permitted.join(', ')}` : '';
    const unset = [...this.#missing].map((name) => `$${name}`).join(', ');
    const hint = [
      `check the user and that the key is in its authorized_keys (${sshCommand(this.hop)} must work by hand)`,
      'name a key in ssh.identityFiles or load it into the agent',
      ...(unset ? [`or set ${unset}`] : []),
    ].join(', ');
    return new LvsctlError(
      `${this.hop.name}: login as ${user} at ${hostName} port ${port} refused${reason ? ` (${reason})` : ''}: ${tried}${accepts}`,
      { host: this.hop.name, hint },
    );
  }

  async *#all(): AsyncGenerator<AnyAuthMethod, void> {
    const username = this.settings.user;
    const identities = this.settings.identityFiles.flatMap((path) => this.#read(path));
    const { agent } = this.settings;
    if (identities.length === 0 && agent === false) yield { type: 'none', username };
    for (const { path, key } of identities) {
      if (key === undefined || !this.#permits('publickey')) continue;
      this.note(`key ${path} (refused)`);
      yield { type: 'publickey', username, key };
    }
    if (agent !== false && this.#permits('publickey')) {
      this.note(`agent ${agent} (none of its keys taken)`);
      yield { type: 'agent', username, agent };
    }
    for (const { path, encrypted } of identities) {
      if (encrypted === undefined || !this.#permits('publickey')) continue;
      const key = await this.#decrypt(path, encrypted);
      if (key) yield { type: 'publickey', username, key };
    }
    yield* this.#typed(username);
  }

  async *#typed(username: string): AsyncGenerator<AnyAuthMethod, void> {
    const ways = (['password', 'keyboard-interactive'] as const).filter((way) => this.#permits(way));
    if (ways.length === 0) return;
    const secret = await this.#ask(this.settings.passwordEnv, `Password of ${username} at ${this.hop.name}`);
    if (!secret) {
      this.note(`password (none: $${this.settings.passwordEnv} is not set)`);
      return;
    }
    for (const way of ways) {
      if (!this.#permits(way)) continue;
      this.note(`${way} (refused)`);
      if (way === 'password') yield { type: way, username, password: secret.reveal() };
      else
        yield {
          type: way,
          username,
          prompt: (_name, _instructions, _language, prompts, finish) =>
            finish(prompts.map(() => secret.reveal())),
        };
    }
  }

  #permits(way: string): boolean {
    return this.#permitted === null || this.#permitted.includes(way);
  }

  #ask(environmentName: string, question: string) {
    return this.passwords.get(environmentName, question).then((secret) => {
      if (!secret) this.#missing.add(environmentName);
      return secret;
    });
  }

  #read(path: string): IdentityFile[] {
    let text: Buffer;
    try {
      text = readFileSync(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = { ENOENT: 'no such file', EACCES: 'may not be read' }[code ?? ''] ?? code;
      this.note(`key ${path} (${why})`);
      return [];
    }
    const key = parse(text);
    if (!(key instanceof Error)) {
      if (key.isPrivateKey()) return [{ path, key, encrypted: undefined }];
      this.note(`key ${path} (a public key; name the private one)`);
      return [];
    }
    if (/no passphrase/.test(key.message)) return [{ path, key: undefined, encrypted: text }];
    this.note(`key ${path} (not readable as a key: ${key.message})`);
    return [];
  }

  async #decrypt(path: string, encrypted: Buffer): Promise<ParsedKey | undefined> {
    const { passphraseEnv } = this.settings;
    const secret = await this.#ask(passphraseEnv, `Passphrase of ${path}`);
    if (!secret) {
      this.note(`key ${path} (encrypted, and no passphrase: $${passphraseEnv} is not set)`);
      return undefined;
    }
    const key = parse(encrypted, secret.reveal());
    if (key instanceof Error) {
      this.note(`key ${path} (encrypted, and the passphrase does not open it)`);
      return undefined;
    }
    this.note(`key ${path} (refused)`);
    return key;
  }
}

function parse(text: Buffer, passphrase?: string): ParsedKey | Error {
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key ?? new Error('no key in it');
}
