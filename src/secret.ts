import { inspect } from 'node:util';

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
  [inspect.custom](): string {
    return '[secret]';
  }
}
