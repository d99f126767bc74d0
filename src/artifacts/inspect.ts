import { archiveProblems } from './archive.js';
import { ProgramFailed } from './program.js';
import type { Structure } from './structure.js';
import { diffProblems } from './unified-diff.js';

/** Why a file does not look like what is expected inside; undefined when it does. */
export async function structureRefusal(
  structure: Structure,
  path: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    const problems =
      structure.kind === 'archive'
        ? await archiveProblems(path, structure, signal)
        : await diffProblems(path, structure, signal);
    if (problems.length === 0) return undefined;
    const shown = problems.slice(0, 5);
    const rest = problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : [];
    return [...shown, ...rest].join('; ');
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error;
    const what = structure.kind === 'archive' ? 'archive that tar can read' : 'diff';
    return `is no ${what}: ${error.message}`;
  }
}
