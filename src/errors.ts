/** What an operator is told: what was wanted, what was found, on which host and in which resource, and the way out. */
export interface ErrorDetails {
  readonly host?: string;
  readonly resource?: string;
  /** What the operator can do now; a sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error whose message is for the operator: printed without a stack. Everything else that is thrown is a defect of ours. */
export class LvsctlError extends Error {
  override readonly name: string = 'LvsctlError';
  readonly host: string | undefined;
  readonly resource: string | undefined;
  readonly hint: string | undefined;
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.host = details.host;
    this.resource = details.resource;
    this.hint = details.hint;
  }
}

/** The command line or the inventory is wrong: exit status 2, nothing was contacted. */
export class UsageError extends LvsctlError {
  override readonly name = 'UsageError';
}

/** The connection ended while a command ran: it may have run, in part or whole, or not at all. Never success, never failure. */
export class OutcomeUnknownError extends LvsctlError {
  override readonly name = 'OutcomeUnknownError';
}
