import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nested, type Sh, sh, shLines, template, trusted } from '../../../src/shell/index.js';

/** Programs that a host may have as sh. */
const shells = ['dash', 'bash', 'busybox'] as const;

let folder: string;
let render: (values: readonly string[]) => string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lvsctl-quote-'));
  writeFileSync(join(folder, 'words.hbs'), "{{#each values}}printf '%s\\0' {{sh this}}\n{{/each}}");
  const rendered = template(pathToFileURL(join(folder, 'base.js')).href, 'words.hbs');
  render = (values) => rendered({ values });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script as lvsctl does, in an empty folder, and returns the NUL-ended words that it prints. */
function words(shell: string, script: string, way: 'argument' | 'stdin'): string[] {
  const run = spawnSync(shell, way === 'argument' ? ['-c', script] : [], {
    argv0: 'sh',
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
    maxBuffer: 1 << 28,
    ...(way === 'stdin' && { input: script }),
  });
  expect(run.error).toBeUndefined();
  expect(run.stderr.toString()).toBe('');
  expect(run.status).toBe(0);
  return run.stdout.toString('utf8').split('\0').slice(0, -1);
}

// What would run, expand, end a word or mean an option, if one quote were wrong.
const dangerous = fc.constantFrom(
  "'",
  '"',
  '`touch PWNED`',
  '$(touch PWNED)',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  '${x:=PWNED}',
  "';touch PWNED;'",
  '";touch PWNED;"',
  '\n',
  '\r',
  '\\',
  '\\\n',
  "\\'",
  '$',
  '*',
  '?',
  '[a-z]',
  '~',
  '-n',
  '-e',
  '--',
  '#',
  '!',
  '!!',
  '{a,b}',
  ' ',
  '\t',
  ';',
  '&',
  '|',
  '<',
  '>PWNED',
  '(',
  ')',
  '%s',
  '%n',
  '\\0101',
  '\\c',
  '\x01',
  '\x7f',
  '\x80',
  '\x81',
  '\x88',
  'ü',
  '漢',
  '🐧',
  '\u0301',
  '\u2028',
  '\ufeff',
  '=',
  '/',
  '{{sh x}}',
  'EOF\n',
);
const withoutNul = (text: string) => !text.includes('\0');
const anyText = fc.oneof(
  fc.array(dangerous, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }).filter(withoutNul),
  fc
    .array(fc.oneof(dangerous, fc.string({ unit: 'grapheme', maxLength: 5 })), { maxLength: 6 })
    .map((p) => p.join('')),
);
const texts = fc.array(anyText.filter(withoutNul), { minLength: 60, maxLength: 60 });

describe.each(shells)('no value is ever run by %s as sh', (shell) => {
  const ways: readonly [string, (values: readonly string[]) => Sh][] = [
    ['the sh tag', (values) => shLines(...values.map((value) => sh`printf '%s\0' ${value}`))],
    ['a list in the sh tag', (values) => sh`printf '%s\0' ${values}`],
    ['{{sh}} in a template', (values) => trusted(render(values))],
    [
      'a script in a script in a script',
      (values) => sh`sh -c ${nested(sh`sh -c ${nested(sh`printf '%s\0' ${values}`)}`)}`,
    ],
    ['a variable', (values) => shLines(...values.map((value) => sh`v=${value}; printf '%s\0' "$v"`))],
    [
      'a case pattern and a test',
      (values) =>
        shLines(
          ...values.map(
            (value) =>
              sh`v=${value}; case $v in ${value}) [ x"$v" = x${value} ] && printf '%s\0' "$v" ;; esac`,
          ),
        ),
    ],
  ];

  it.each(ways)('comes back from %s byte by byte', (_way, script) => {
    fc.assert(
      fc.property(texts, fc.constantFrom('argument', 'stdin'), (values, way) => {
        expect(words(shell, script(values).text, way as 'argument' | 'stdin')).toEqual(values);
      }),
      { numRuns: 12 },
    );
    expect(readdirSync(folder)).toEqual(['words.hbs']);
  });
});

describe('what no shell word can hold', () => {
  it('is refused: NUL', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(() => sh`echo ${`${before}\0${after}`}`).toThrow(RangeError);
        expect(() => render([`${before}\0${after}`])).toThrow(/NUL/);
      }),
    );
  });

  it('is refused by {{sh}}: what is neither text nor number', () => {
    for (const value of [undefined, null, {}, [], true])
      expect(() => render([value as unknown as string])).toThrow(/\{\{sh\}\} takes a string or a number/);
  });
});
