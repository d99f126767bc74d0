const SETTING =
  /^CONFIG_[A-Za-z0-9_]+=(?:[ymn]|-?[0-9]+|0[xX][0-9a-fA-F]+|"[\x20\x21\x23\x25-\x5b\x5d-\x5f\x61-\x7e]*")$/;
const UNSET = /^# CONFIG_[A-Za-z0-9_]+ is not set$/;

/**
 * A kernel's configuration, down to its settings. scripts/Configure of Linux 2.4 reads the file as shell, and its Makefile as make:
 * a line of another form, or a text with `$`, a backquote, a backslash or a quote in it, would be carried out on the build host.
 * Without comments, too, which tell nothing and may hold a date.
 */
export function configText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => SETTING.test(line) || UNSET.test(line))
    .join('\n');
}
