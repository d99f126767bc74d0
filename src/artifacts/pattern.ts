/** Does a path match a pattern with `*` (within one name) and `**` (over folders)? */
export function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`).test(path);
}

/** Why unpacking or patching by this name would write somewhere else than under the present folder. */
export function pathDanger(path: string): string | undefined {
  if (path.startsWith('/')) return 'is an absolute path';
  if (path.split('/').includes('..')) return 'climbs with ".."';
  return undefined;
}
