import { z } from 'zod';
import { parseAddress } from './address.js';
import { interfaceProblem } from './interface.js';
import { pathProblem } from './path.js';

/** A problem of the value found, or undefined; `hint` is the way out. */
type Check = (value: string) => { readonly message: string; readonly hint: string } | undefined;

function checked(check: Check): z.ZodString {
  return z.string().superRefine((value, context) => {
    const problem = check(value);
    if (problem !== undefined)
      context.addIssue({ code: 'custom', message: problem.message, params: { hint: problem.hint } });
  });
}

/** A safe absolute path (see {@link pathProblem}); `example` is shown to who writes another. */
export function absolutePath(example: string): z.ZodString {
  return checked((path) => {
    const message = pathProblem(path);
    return message === undefined ? undefined : { message, hint: `write an absolute path such as ${example}` };
  });
}

/** A safe path on this machine: absolute, or in the home folder (`~/…`). */
export const userPath = checked((path) => {
  const message = pathProblem(path.startsWith('~/') ? path.slice(1) : path);
  return message === undefined
    ? undefined
    : { message, hint: 'write an absolute path, or one that begins with ~/' };
});

/** See {@link interfaceProblem}. */
export const interfaceName = checked(interfaceProblem);

export const labelText = checked((label) => {
  if (/^[A-Za-z0-9_.-]{1,13}$/.test(label)) return undefined;
  return {
    message: 'is not a label',
    hint: 'use 1 to 13 letters, digits, "_", "." and "-", for example 100',
  };
});

export const environmentName = checked((name) => {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return undefined;
  return {
    message: 'is not the name of an environment variable',
    hint: 'write the name of the variable that holds the password, for example LVSCTL_PASSWORD; never the password itself',
  };
});

/** A name for SSH: neither blank nor an option, nor more than a line. */
export const lineOfText = checked((text) => {
  if (/^[^\s\p{Cc}-][^\s\p{Cc}]{0,254}$/u.test(text)) return undefined;
  return {
    message: 'is empty, begins with "-" or contains blanks',
    hint: 'write it without blanks, and not beginning with "-"',
  };
});

/** A word that stands bare in keepalived.conf, where "#" and "!" begin a comment. */
export const confWord = checked((text) => {
  if (/^[\x21-\x7e]{1,255}$/.test(text) && !/^-|["'\\#!${}~]/.test(text)) return undefined;
  return {
    message: 'is no word that keepalived.conf gives back as it was',
    hint: 'write it without blanks, quotes, braces, "#", "!", "$", "~" and backslashes, and not beginning with "-"',
  };
});

const NOT_AN_ADDRESS = 'is not an IPv4 or IPv6 address';

export const ipAddress = checked((text) => {
  if (/\/\d*$/.test(text))
    return {
      message: 'has a prefix length',
      hint: `write ${text.replace(/\/\d*$/, '')}; a VIP is always a single address`,
    };
  return parseAddress(text) ? undefined : { message: NOT_AN_ADDRESS, hint: 'write for example 10.83.33.100' };
});

export const ipAddressWithPrefix = checked((text) =>
  parseAddress(text)
    ? undefined
    : {
        message: NOT_AN_ADDRESS,
        hint: 'write an address with its prefix length, for example 10.83.33.83/24',
      },
);

/** A path on this machine as a user writes it: absolute, in the home folder, or from the inventory's own folder. */
export const nearPath = checked((path) => {
  const message = pathProblem(
    /^(~\/|\/)/.test(path) ? path.replace(/^~/, '') : `/${path.replaceAll('../', '')}`,
  );
  if (path !== '' && message === undefined) return undefined;
  return {
    message: message ?? 'is empty',
    hint: 'write a path from the folder of the inventory, an absolute one, or one that begins with ~/',
  };
});

export const sha256Text = checked((text) =>
  /^[0-9a-f]{64}$/.test(text)
    ? undefined
    : {
        message: 'is not a SHA-256 digest',
        hint: 'write its 64 hexadecimal digits in lower case; `sha256sum FILE` prints them',
      },
);

export const kernelVersionText = checked((text) =>
  /^\d+\.\d+\.\d+(\.\d+)?(-?(test|pre|rc)\d+)?$/.test(text)
    ? undefined
    : {
        message: 'is not the version of a mainline kernel',
        hint: 'write what VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION of its Makefile say once the patches are in, for example 2.4.37.11',
      },
);

/** A word that is safe in commands of make and in paths. */
export const makeWord = checked((text) =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(text)
    ? undefined
    : { message: 'is not a word that make takes here', hint: 'use letters, digits, "_", "." and "-"' },
);

/** A path below a source tree. */
export const treePath = checked((path) => {
  const message = path.startsWith('/') ? 'is an absolute path' : pathProblem(`/${path}`);
  if (path !== '' && message === undefined) return undefined;
  return {
    message: message ?? 'is empty',
    hint: 'write where make puts the image, below the tree, for example arch/i386/boot/bzImage',
  };
});

/** What stands behind the name of a kernel's option: a line of a file that Linux 2.4 reads as shell and as a Makefile. */
export const optionText = checked((text) =>
  /^[^\p{Cc}"\\$`]{0,255}$/u.test(text)
    ? undefined
    : {
        message: 'is no value of a kernel’s option',
        hint: 'write y, m, n, a number, or a text without quotes, backslashes, "$" and backquotes',
      },
);

/** `50000-50100`, the low port first. */
export const portRangeText = checked((text) => {
  const [first = 0, last = 0] = /^\d{1,5}-\d{1,5}$/.test(text) ? text.split('-').map(Number) : [];
  if (first >= 1 && last <= 65535 && first <= last) return undefined;
  return {
    message: 'is not a range of ports',
    hint: 'write it as "50000-50100", the low port first, within 1 to 65535',
  };
});

/** `50%`, from 0 to 100. */
export const shareText = checked((text) =>
  /^(\d{1,2}|100)%$/.test(text)
    ? undefined
    : { message: 'is not a share', hint: 'write a whole number, or a share from "0%" to "100%"' },
);

/** A netmask of IPv4 with its ones in front. */
export const ipv4Netmask = checked((text) => {
  const parts = /^\d{1,3}(\.\d{1,3}){3}$/.test(text) ? text.split('.').map(Number) : [];
  const bits = parts.map((part) => part.toString(2).padStart(8, '0')).join('');
  if (parts.every((part) => part <= 255) && /^1+0*$/.test(bits)) return undefined;
  return {
    message: 'is not a netmask',
    hint: 'write one of IPv4 as "255.255.255.0"; of IPv6 a prefix length as a number, 64',
  };
});

/** Where sync daemons talk: a multicast address of either family. */
export const multicastGroup = checked((text) =>
  parseAddress(text)?.kind === 'multicast' && !text.includes('/')
    ? undefined
    : { message: 'is not a multicast address', hint: 'write one as 224.0.0.81 or ff02::81' },
);

/** What stands behind the host in a URL: keepalived.conf gives neither quotes nor backslashes back as they were. */
export const httpPath = checked((text) =>
  /^\/[\x21-\x7e]{0,1000}$/.test(text) && !/["'\\#!$]/.test(text)
    ? undefined
    : {
        message: 'is not the path of a URL',
        hint: 'write it as /health?full=1: begin with "/", without blanks, quotes, "#", "!", "$" and backslashes',
      },
);

/** `200-299`, the low one first. */
export const httpStatusText = checked((text) => {
  const [first = 0, last = 0] = /^\d{3}-\d{3}$/.test(text) ? text.split('-').map(Number) : [];
  if (first >= 100 && last <= 599 && first <= last) return undefined;
  return { message: 'is not a range of HTTP statuses', hint: 'write it as "200-299", within 100 to 599' };
});

/** Labels with a dot between them, and one at the end or none. */
export const dnsName = checked((text) =>
  text === '.' ||
  (text.length <= 254 &&
    text
      .replace(/\.$/, '')
      .split('.')
      .every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)))
    ? undefined
    : { message: 'is not a name of DNS', hint: 'write for example www.example.org, or "." for the root' },
);
