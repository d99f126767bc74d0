/**
 * Why a path of a remote or local file is refused, or undefined when it is safe: absolute, normal, and without the characters
 * that break a line-based configuration file (newline, NUL and the other control characters).
 */
export function pathProblem(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'has a control character (newline, NUL …)';
  if (/\p{Cs}/u.test(path)) return 'has half a character (a lone surrogate, which is nothing in UTF-8)';
  if (!path.startsWith('/')) return 'is not an absolute path';
  const segments = path.split('/');
  if (segments.includes('..')) return 'climbs with ".."';
  if (segments.some((segment) => segment.startsWith('-'))) return 'has a name that begins with "-"';
  return undefined;
}
