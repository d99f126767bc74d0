/** `inspect.custom` of node:util, by its public name: a user's type checker need not know Node's types. */
const inspected: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** A value that no reporter, log or JSON can print; only {@link Secret.reveal} hands it out, and only src/ssh calls that. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspected](): string {
    return '[secret]';
  }
}
