import { quote } from '../../shell/index.js';
import type { Command } from './commands.js';
import type { Lack } from './lacks.js';

export interface WrapperOptions {
  /** Absolute path of the program of today. */
  readonly program: string;
  /** What runs the wrapper: absolute path of a shell. */
  readonly shell: string;
}

/**
 * A wrapper that refuses what Red Hat 9's command lacked, or undefined where a link will do. It forks nothing, since a fork costs
 * 30 ms in a guest. A refusal says "invalid option" and is exit status 1.
 */
export function wrapperOf({ name, program, lack }: Command, options: WrapperOptions): string | undefined {
  const [, ...words] = program;
  if (lack === undefined && words.length === 0) return undefined;
  const run = ['exec', options.program, ...words].map(quote).join(' ');
  return [
    `#!${options.shell}`,
    `# ${name}, as far as Red Hat 9 had it. Made from a table.`,
    ...(lack ? [refusal(name), lack.script?.trim() ?? '', optionsLoop(lack)] : []),
    `${run} "$@"`,
    '',
  ]
    .filter((line, index, all) => line !== '' || index === all.length - 1)
    .join('\n');
}

function refusal(name: string): string {
  return `refuse() {\n  echo "${name}: invalid option: $1 (Red Hat 9's ${name} lacked it)" >&2\n  exit 1\n}`;
}

/** Goes through the words as getopt does: clusters of short options, options with values, `--`. */
function optionsLoop({ short = '', valued = '', long = [], words = [], runs = false }: Lack): string {
  if (short === '' && long.length === 0 && words.length === 0) return '';
  const refused = words.map((word) => word.replaceAll(' ', '\\ ')).join(' | ');
  const names = long.flatMap((name) => (name === '*' ? ['--?*'] : [`--${name}`, `--${name}=*`]));
  return [
    'value=',
    'for word do',
    words.length > 0 && `  case $word in\n  ${refused}) refuse "$word" ;;\n  esac`,
    ...(short === '' && long.length === 0
      ? []
      : [
          '  if [ -n "$value" ]; then value=; continue; fi',
          '  case $word in',
          '  --) break ;;',
          names.length > 0 && `  ${names.join(' | ')}) refuse "$word" ;;`,
          '  --*) ;;',
          `  -?*)\n${letters(short, valued)}\n    ;;`,
          runs && '  *) break ;;',
          '  esac',
        ]),
    'done',
  ]
    .filter((line) => line !== false)
    .join('\n');
}

/** Looks at each letter of a cluster, until one that takes the rest (or the next word) as its value. */
function letters(short: string, valued: string): string {
  const cases = [
    short !== '' && `      [${short}]) refuse "-$letter" ;;`,
    valued !== '' && `      [${valued}])\n        [ -n "$rest" ] || value=1\n        break\n        ;;`,
  ];
  return [
    `    rest=\${word#-}`,
    '    while [ -n "$rest" ]; do',
    `      letter=\${rest%"\${rest#?}"} rest=\${rest#?}`,
    '      case $letter in',
    ...cases.filter((line) => line !== false),
    '      esac',
    '    done',
  ].join('\n');
}
