import { join } from 'node:path';
import type { Service } from '../inventory/cluster.js';
import { type Sh, sh } from '../shell/index.js';

/** One thing that is wrong, as a rule found it. */
export interface Reason {
  /** Names the rule: `vip-missing`. */
  readonly check: string;
  /** Where it is to be mended; absent where no host of the inventory is to blame. */
  readonly host?: string;
  /** A sentence. */
  readonly cause: string;
  /** What was seen, where the cause does not say it already. */
  readonly evidence?: string;
  readonly fix: Fix;
}

/**
 * What mends it: a command on a host (or, without one, on the operator's machine), a key of the inventory, or, where neither
 * is known, what the operator has to do.
 */
export type Fix =
  | { readonly command: string; readonly on?: string }
  | { readonly key: string; readonly value: string }
  | { readonly advice: string };

/** A command on a host, as root. */
export function onHost(host: string, command: Sh): Fix {
  return { command: command.text, on: host };
}

/** `services.ftp.realServers[0].weight`. */
export function serviceKeyPath(service: Service, ...path: (string | number)[]): string {
  return ['services', service.name, ...path].reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** lvsctl itself, on the operator's machine: it makes the host what the inventory says. */
export function provisionFix(file: string, host: string): Fix {
  return { command: sh`lvsctl provision ${file} --limit ${host}`.text };
}

/** Writes settings below /proc/sys, as every Linux can, also with dots in the name of an interface. */
export function setting(host: string, ...values: readonly (readonly [key: string, value: number])[]): Fix {
  const [first = sh``, ...rest] = values.map(([key, value]) => sh`echo ${value} > ${join('/proc/sys', key)}`);
  return onHost(
    host,
    rest.reduce((all, one) => sh`${all} && ${one}`, first),
  );
}

/** Cause and way out in one sentence. */
export function sentenceOf({ cause, fix }: Reason): string {
  if ('command' in fix)
    return `${cause}; mend it${fix.on === undefined ? '' : ` on ${fix.on}`} with \`${fix.command}\``;
  return `${cause}; ${'advice' in fix ? fix.advice : `set ${fix.key} to ${fix.value}`}`;
}
