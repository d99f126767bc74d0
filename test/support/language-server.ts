import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where an editor's cursor stands, from 0. */
export interface Cursor {
  readonly line: number;
  readonly character: number;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly items?: readonly unknown[] };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Item {
  readonly label: string;
  readonly documentation?: { readonly value: string };
}

/** TypeScript's own language server, asked as an editor asks it (Language Server Protocol 3.17, over stdio). */
export class LanguageServer {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #received: Buffer = Buffer.alloc(0);
  #asked = 0;

  constructor(readonly folder: string) {
    const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
    this.#child = spawn(tsc, ['--lsp', '--stdio'], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  async start(): Promise<void> {
    const completion = { completionItem: { documentationFormat: ['plaintext'] } };
    await this.#ask('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(this.folder).href,
      capabilities: { textDocument: { hover: { contentFormat: ['plaintext'] }, completion } },
    });
    this.#send({ method: 'initialized', params: {} });
  }

  open(file: string, text: string): void {
    const textDocument = { uri: pathToFileURL(file).href, languageId: 'typescript', version: 1, text };
    this.#send({ method: 'textDocument/didOpen', params: { textDocument } });
  }

  /** What is offered at the cursor: name and doc comment of each. */
  async completions(file: string, position: Cursor): Promise<ReadonlyMap<string, string>> {
    const params = { textDocument: { uri: pathToFileURL(file).href }, position };
    const answer = (await this.#ask('textDocument/completion', params)) as { items: readonly Item[] };
    const items = answer.items.map((item) => this.#ask('completionItem/resolve', item) as Promise<Item>);
    return new Map(
      (await Promise.all(items)).map(({ label, documentation }) => [
        label.replace(/\?$/, ''),
        documentation?.value ?? '',
      ]),
    );
  }

  stop(): void {
    this.#child.kill();
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result),
      );
      this.#send({ id, method, params });
    });
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#child.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const head = this.#received.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#received.toString('latin1', 0, head))?.[1]);
      if (this.#received.length < head + 4 + length) return;
      const message = JSON.parse(this.#received.toString('utf8', head + 4, head + 4 + length)) as Message;
      this.#received = this.#received.subarray(head + 4 + length);
      if (message.id === undefined) continue;
      // The server asks for settings of the editor, and registers what it watches: there are none.
      if (message.method !== undefined)
        this.#send({ id: message.id, result: message.params?.items?.map(() => null) ?? null });
      else this.#waiting.get(message.id)?.(message);
    }
  }
}
