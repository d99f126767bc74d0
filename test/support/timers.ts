import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly words: string;
}

function processes(): Process[] {
  const text = execFileSync('ps', ['-eww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return [...text.matchAll(/^ *(\d+) +(\d+) (.*)$/gm)].map(([, pid, parent, words = '']) => ({
    pid: Number(pid),
    parent: Number(parent),
    words,
  }));
}

/**
 * Ends the wait of timers (src/resources/undoTimer.ts) now, and comes when they have done what they do then.
 * @param words what their command lines have in them, and no other's
 * @throws Error when there is none
 */
export async function runOut(words: string): Promise<void> {
  const timers = (): Process[] => processes().filter((one) => one.words.includes(words));
  const waiting = timers();
  if (waiting.length === 0) throw new Error(`no timer has "${words}" in its command line`);
  const pids = new Set(waiting.map(({ pid }) => pid));
  // What each waits for is its `sleep`.
  for (const { pid, parent } of processes()) if (pids.has(parent)) process.kill(pid);
  while (timers().length > 0) await pause(20);
}
