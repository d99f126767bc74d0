/**
 * What `cmd` passes on of a line: up to the first operator outside quotes. `%NAME%` is replaced before quotes are looked at.
 * Then the words, as Microsoft's C library takes them from what is left ("Parsing C command-line arguments").
 */
export function wordsOf(line: string): string[] {
  const replaced = line.replace(/%\w+%/g, 'REPLACED').replace(/!\w+!/g, 'REPLACED');
  let inQuotes = false;
  let passed = '';
  for (let at = 0; at < replaced.length; at++) {
    const character = replaced[at] ?? '';
    if (character === '"') inQuotes = !inQuotes;
    if (!inQuotes && '&|<>()\n'.includes(character)) break;
    if (!inQuotes && character === '^') continue;
    passed += character;
  }
  const words: string[] = [];
  let word: string | undefined;
  inQuotes = false;
  for (let at = 0; at < passed.length; at++) {
    const slashes = /^\\*/.exec(passed.slice(at))?.[0].length ?? 0;
    at += slashes;
    if (passed[at] === '"') {
      word = (word ?? '') + '\\'.repeat(Math.floor(slashes / 2));
      if (slashes % 2 === 1) word += '"';
      else inQuotes = !inQuotes;
      continue;
    }
    if (slashes > 0) word = (word ?? '') + '\\'.repeat(slashes);
    const character = passed[at];
    if (character === undefined) break;
    if (!inQuotes && (character === ' ' || character === '\t')) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
}
