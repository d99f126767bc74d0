import type { Sh } from '../shell/index.js';
import type { Source, Step } from './instructions.js';

type Line = string | Sh;

const step = (
  kind: Step['kind'],
  purpose: string,
  lines: readonly Line[],
  sources: readonly Source[],
): Step => ({
  purpose,
  kind,
  lines: lines.map(String),
  sources,
});

/** Commands for root's shell, each made by the `sh` tag. */
export function commands(purpose: string, lines: readonly Sh[], ...sources: readonly Source[]): Step {
  return step('shell', purpose, lines, sources);
}

/** Commands for a Windows prompt, each made by the `cmd` tag. */
export function windowsCommands(
  purpose: string,
  lines: readonly string[],
  ...sources: readonly Source[]
): Step {
  return step('cmd', purpose, lines, sources);
}

/** Lines of a file: by the `sh` tag where a shell reads it; else of our own words and canonical addresses only. */
export function fileLines(
  file: string,
  purpose: string,
  lines: readonly Line[],
  ...sources: readonly Source[]
): Step {
  return { ...step('file', purpose, lines, sources), file };
}

/** Words for who sits there, where there is no command. */
export function byHand(purpose: string, lines: readonly string[], ...sources: readonly Source[]): Step {
  return step('hand', purpose, lines, sources);
}
