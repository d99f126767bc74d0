import type { Context } from './context.js';

/** Asks for a password, masked, on stderr; undefined when nobody is there to answer or the answer is refused. */
export async function askPassword(context: Context, question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || context.stderr.isTTY !== true) return undefined;
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message: question, output: process.stderr });
  return isCancel(answer) ? undefined : answer;
}
