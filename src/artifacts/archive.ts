import { matches, pathDanger } from './pattern.js';
import { outputOf } from './program.js';
import type { ArchiveStructure, ContentCheck } from './structure.js';

const MOST_LISTING = 32 * 1024 * 1024;
const MOST_MEMBER = 4 * 1024 * 1024;

/**
 * Why a tar archive (plain, or as tar here can unpack it) is not what is expected: what is missing, and what could do harm when root
 * unpacks it. None when it may be trusted. @throws ProgramFailed when it is no archive
 */
export async function archiveProblems(
  path: string,
  expected: ArchiveStructure,
  signal?: AbortSignal,
): Promise<string[]> {
  const listed = async (option: string) =>
    (await outputOf('tar', [option, path], MOST_LISTING, signal)).toString().split('\n').filter(Boolean);
  const members = await listed('-tf');
  const problems = [...members.flatMap(memberProblems), ...(await listed('-tvf')).flatMap(kindProblems)];
  // What is unsafe to unpack is not unpacked to look at it.
  if (problems.length > 0) return problems;
  const paths = members.map(plain);
  for (const pattern of expected.members) {
    if (!paths.some((member) => matches(pattern, member))) problems.push(`has no member ${pattern}`);
  }
  for (const check of expected.contents) {
    const problem = await contentProblem(path, members, check, signal);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

const plain = (member: string) => member.replace(/^(?:\.\/)+/, '').replace(/\/$/, '');

function memberProblems(member: string): string[] {
  const danger = pathDanger(member);
  return danger === undefined ? [] : [`has a member ${JSON.stringify(member)}, which ${danger}`];
}

/** A line of `tar -tv` begins as one of `ls -l`. */
function kindProblems(line: string): string[] {
  const kind = line.charAt(0);
  if (kind === '-' || kind === 'd') return [];
  if (kind !== 'l' && kind !== 'h') return [`has a member that is no file, folder or link: ${line}`];
  const [, target = ''] = / (?:->|link to) (.*)$/.exec(line) ?? [];
  const danger = pathDanger(target);
  return danger === undefined ? [] : [`has a link to ${JSON.stringify(target)}, which ${danger}`];
}

async function contentProblem(
  path: string,
  members: readonly string[],
  { member: pattern, pattern: wanted, what }: ContentCheck,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const member = members.find((name) => matches(pattern, plain(name)));
  if (member === undefined) return `has no member ${pattern} to say ${what}`;
  // tar shows other names escaped, and some tars take them for patterns.
  if (!/^[\w.+/][\w.+/-]*$/.test(member))
    return `names ${pattern} in a strange way: ${JSON.stringify(member)}`;
  const text = await outputOf('tar', ['-xOf', path, member], MOST_MEMBER, signal);
  return wanted.test(text.toString('latin1')) ? undefined : `does not say ${what} in ${member}`;
}
