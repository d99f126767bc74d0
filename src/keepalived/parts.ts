/** A block of keepalived.conf: a line, or a head with lines in braces. */
export type Part = string | { readonly head: string; readonly parts: readonly Part[] };

const INDENT = '    ';

export function renderParts(parts: readonly Part[], depth = 0): string[] {
  const indent = INDENT.repeat(depth);
  return parts.flatMap((part) =>
    typeof part === 'string'
      ? [part === '' ? '' : `${indent}${part}`]
      : [`${indent}${part.head} {`, ...renderParts(part.parts, depth + 1), `${indent}}`],
  );
}
