export type { ConnectOptions } from './connection.js';
export type { CommandResult, Dial, Download, Host, RunOptions } from './host.js';
export * from './jobs.js';
export { ConnectLimiter, type ConnectLimits } from './limiter.js';
export { openHost } from './open-host.js';
export { environmentPasswords, type Prompt } from './passwords.js';
export * from './sections.js';
