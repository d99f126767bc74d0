import type { Change, Resource } from '../engine/resource.js';
import { LvsctlError } from '../errors.js';
import { sh } from '../shell/index.js';
import { observedText } from './observed.js';

export interface SysctlSetting {
  /** Path below /proc/sys: `net/ipv4/conf/eth0.100/arp_ignore`. */
  readonly key: string;
  readonly value: string | number;
  /** A kernel that has no such key needs none. */
  readonly optional?: boolean;
}

export interface SysctlOptions extends SysctlSetting {
  /** Id of the resource that brings the key into being (a module, a link): missing before it, the key is not yet an error. */
  readonly createdBy?: string;
  /** What the operator can do when this kernel has no such key. */
  readonly hint?: string;
}

/**
 * A kernel setting as it is now, read and written through /proc/sys: sysctl(8) is not needed.
 * What outlives a reboot is {@link persistentSysctl}.
 */
export function sysctl(options: SysctlOptions): Resource {
  const name = sysctlName(options.key);
  const id = `sysctl ${name}`;
  const path = `/proc/sys/${options.key}`;
  const wanted = words(String(options.value));
  return {
    id,
    // Not the shell's `read`: dash and ash read byte by byte, and /proc/sys gives a number's first byte only, then the end.
    probe: sh`if [ -r ${path} ]; then printf 'is '; exec cat ${path}; else echo missing; fi`,
    plan(observed, context): Change | undefined {
      const text = observedText(id, observed).trim();
      const missing = text === 'missing';
      if (missing && !(options.createdBy !== undefined && context.changing.has(options.createdBy))) {
        if (options.optional) return undefined;
        throw new LvsctlError(`this kernel has no ${name} (${path})`, {
          resource: id,
          ...(options.hint === undefined ? {} : { hint: options.hint }),
        });
      }
      const found = words(text.replace(/^is ?/, ''));
      if (!missing && found === wanted) return undefined;
      return {
        summary: `set ${name} to ${wanted} (${missing ? 'not there yet' : `is ${found}`})`,
        diff: `${missing ? '' : `- ${name} = ${found}\n`}+ ${name} = ${wanted}\n`,
        apply: options.optional
          ? sh`[ ! -e ${path} ] || printf '%s\n' ${wanted} > ${path}`
          : sh`printf '%s\n' ${wanted} > ${path}`,
      };
    },
  };
}

/** A setting of one interface, `all` or `default`: {@link interfaceKey}`('ipv4', 'eth0', 'arp_ignore')`. */
export function interfaceKey(family: 'ipv4' | 'ipv6', name: string, setting: string): string {
  return `net/${family}/conf/${name}/${setting}`;
}

/**
 * As sysctl(8) writes it. With a dot inside a part (`eth0.100`) the slashes stay: sysctl(8) and systemd-sysctl take
 * a name whose first separator is a slash as it is.
 */
export function sysctlName(key: string): string {
  return key.includes('.') ? key : key.replaceAll('/', '.');
}

function words(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}
