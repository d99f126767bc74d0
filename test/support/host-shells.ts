import { redHat9Shell } from './red-hat-9.js';
import { shells, type TestShell } from './shells.js';

const redHat9 = await redHat9Shell();

/** The shells for scripts that hosts get: beside {@link shells}, bash with the commands of Red Hat 9 alone, as far as it had them. */
export const hostShells: readonly TestShell[] = [
  ...shells,
  ...(redHat9 === undefined ? [] : [{ name: 'bash on Red Hat 9', argv: [redHat9] }]),
];
