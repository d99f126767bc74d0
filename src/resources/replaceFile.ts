import type { Change } from '../engine/resource.js';
import { bytesOfText, hasForeignBytes, type Sh, sh, shLines, trusted } from '../shell/index.js';

export interface Replacement {
  readonly path: string;
  /** Text that goes inline, or the name of one of the change's files. */
  readonly content: string | { readonly file: string };
  /** `0644`. Absent: that of the present file, else 0644. */
  readonly mode?: string | undefined;
  /** `user`, `user:group` or `uid:gid`. Absent: that of the present file, else root. */
  readonly owner?: string | undefined;
  /** Keep the first version found as PATH.lvsctl-orig. */
  readonly backup?: boolean | undefined;
}

/**
 * How a text travels: inline, or as a file of the change. No script can hold bytes that are not UTF-8, no shell word a NUL,
 * and bash 2.05b uses 1 and 127 for its own marks inside of words.
 */
export function carried(text: string): Pick<Change, 'files'> & Pick<Replacement, 'content'> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
  if (!hasForeignBytes(text) && !/[\0-\x08\x0b-\x1f\x7f]/.test(text)) return { content: text };
  return { content: { file: 'content' }, files: { content: bytesOfText(text) } };
}

/** Red Hat 9 has no readlink(1); /etc/rc.local is a link there, and replacing a link would cut it off from its file. */
const followLinks = trusted(
  [
    'while [ -h "$f" ]; do',
    `  t=$(ls -ld "$f"); t=\${t##* -> }`,
    `  case $t in /*) f=$t ;; *) f=\${f%/*}/$t ;; esac`,
    'done',
  ].join('\n'),
);

/**
 * Sh that replaces a file as a whole: written beside it under another name, with mode and owner set before the
 * first byte, then moved over it, so that no reader and no crash ever meets half of it.
 */
export function replaceFile(replacement: Replacement): Sh {
  const { path, content, mode, owner, backup } = replacement;
  return shLines(
    sh`umask 022; f=${path}`,
    followLinks,
    trusted(`d=\${f%/*}; [ -d "\${d:-/}" ] || mkdir -p "$d"`),
    backup && sh`if [ -f "$f" ] && [ ! -e "$f.lvsctl-orig" ]; then cp -p "$f" "$f.lvsctl-orig"; fi`,
    sh`n=$f.lvsctl-new; rm -f "$n"`,
    sh`if [ -f "$f" ]; then cp -p "$f" "$n"; else (umask 077; : > "$n"); chmod 0644 "$n"; fi`,
    mode !== undefined && sh`chmod ${mode} "$n"`,
    owner !== undefined && sh`chown ${owner} "$n"`,
    typeof content === 'string'
      ? sh`printf '%s' ${content} > "$n" || { rm -f "$n"; exit 1; }`
      : sh`cat "$LVSCTL_FILES"/${content.file} > "$n" || { rm -f "$n"; exit 1; }`,
    sh`mv -f "$n" "$f"`,
  );
}
