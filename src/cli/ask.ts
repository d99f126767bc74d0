import type { Context } from './context.js';

/** Asks for a password, masked, on stderr; undefined when nobody is there to answer or the answer is refused. */
export async function askPassword(context: Context, question: string): Promise<string | undefined> {
  if (!canAsk(context)) return undefined;
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message: question, output: process.stderr });
  return isCancel(answer) ? undefined : answer;
}

/** Whether somebody is there to answer. */
export const canAsk = (context: Context): boolean => process.stdin.isTTY && context.stderr.isTTY === true;

/** Asks on stderr; anything but a yes is a no. */
export async function askYes(question: string): Promise<boolean> {
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: question, initialValue: false, output: process.stderr })) === true;
}
