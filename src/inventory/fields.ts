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
