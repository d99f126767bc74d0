/**
 * What GRUB 0.97 makes of a menu: get_line_from_config (stage2/cmdline.c) and the loop around it (stage2/stage2.c), character by character,
 * so that our own reading by lines can be held against it.
 */
export interface FakeGrubMenu {
  readonly entries: readonly { readonly title: string; readonly lines: readonly string[] }[];
  readonly defaults: readonly string[];
}

function* configLines(text: string): Generator<string> {
  let line = '';
  let literal = false;
  let comment = false;
  for (let c of text) {
    if (c === '\r') continue;
    if (c === '\t') c = ' ';
    if (literal) {
      if (c === '\n') {
        c = ' ';
        line = line.slice(0, -1);
      }
      literal = false;
    }
    if (c === '\\') literal = true;
    if (comment) comment = c !== '\n';
    else if (line === '') {
      if (c === '#') comment = true;
      else if (c !== ' ' && c !== '\n') line = c;
    } else if (c === '\n') {
      yield line;
      line = '';
    } else line += c;
  }
  if (line !== '') yield line;
}

export function fakeGrub(text: string): FakeGrubMenu {
  const entries: { title: string; lines: string[] }[] = [];
  const defaults: string[] = [];
  for (const line of configLines(text)) {
    const word = /^[^ =]*/.exec(line)?.[0] ?? '';
    const rest = line.slice(word.length).replace(/^[ =]+/, '');
    if (word === 'title') entries.push({ title: rest.trimEnd(), lines: [] });
    else if (entries.length > 0) entries.at(-1)?.lines.push(`${word} ${rest}`.trimEnd());
    else if (word === 'default') defaults.push(rest.trimEnd());
  }
  return { entries, defaults };
}
