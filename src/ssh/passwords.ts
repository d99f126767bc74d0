import type { PasswordSource } from '../inventory/cluster.js';
import { Secret } from '../secret.js';

/** Asks the operator; undefined when there is none, or no answer. */
export type Prompt = (question: string) => Promise<string | undefined>;

/**
 * Passwords from environment variables, and from the operator for those that are not set. Each name is asked for
 * at most once in a run, and one question stands on the screen at a time, however many hosts connect.
 * @param prompt by default a masked question on stderr, when stdin and stderr are a terminal
 */
export function environmentPasswords(
  env: Readonly<Record<string, string | undefined>>,
  prompt: Prompt = terminalPrompt,
): PasswordSource {
  const answers = new Map<string, Promise<Secret | undefined>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    get(environmentName, question) {
      const value = env[environmentName];
      if (value !== undefined && value !== '') return Promise.resolve(new Secret(value));
      let answer = answers.get(environmentName);
      if (!answer) {
        answer = last.then(async () => {
          const typed = await prompt(question);
          return typed === undefined || typed === '' ? undefined : new Secret(typed);
        });
        last = answer.catch(() => undefined);
        answers.set(environmentName, answer);
      }
      return answer;
    },
  };
}

async function terminalPrompt(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message: question, output: process.stderr });
  return isCancel(answer) ? undefined : answer;
}
