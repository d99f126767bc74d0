import { cmdProblem } from '../shell/cmd.js';

/** What is wrong with a name, and the way out. */
export interface NameProblem {
  readonly message: string;
  readonly hint: string;
}

/** A NIC's name that is safe in commands, files and /proc paths: Linux allows 15 bytes, and no Unix has longer ones. */
export function interfaceProblem(name: string): NameProblem | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(name)) return undefined;
  return {
    message: 'is not a safe interface name',
    hint: 'use 1 to 15 letters, digits, "_", "." and "-", beginning with a letter, digit or "_", for example eth0',
  };
}

/** Windows calls a NIC as its owner likes: blanks are usual. */
export function windowsInterfaceProblem(name: string): NameProblem | undefined {
  const unsafe =
    name.trim() !== name || name === '' || name.length > 255 ? 'no name of a connection' : undefined;
  const problem = unsafe ?? cmdProblem(name);
  if (problem === undefined) return undefined;
  return {
    message: `is not a safe interface name (${problem})`,
    hint: 'rename the connection on the host, and write its name as `netsh interface show interface` shows it, for example Ethernet',
  };
}
