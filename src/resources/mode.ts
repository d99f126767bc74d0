/** What ls -l shows, as chmod takes it: `-rwxr-sr-x` gives `2755`. What follows the tenth letter (ACL, SELinux) is ignored. */
export function octalMode(letters: string): string {
  if (letters === '-') return letters;
  let special = 0;
  let bits = 0;
  for (const [i, letter] of [...letters.slice(1, 10)].entries()) {
    const set = letter !== '-' && letter !== 'S' && letter !== 'T';
    bits = (bits << 1) | (set ? 1 : 0);
    if (/[sStT]/.test(letter)) special |= i === 2 ? 4 : i === 5 ? 2 : 1;
  }
  return `${special}${bits.toString(8).padStart(3, '0')}`;
}

/** Whether `user` or `user:group` as wanted is what ls -l shows as `user:group`. */
export function ownerMatches(wanted: string, found: string): boolean {
  return wanted.includes(':') ? wanted === found : wanted === found.split(':')[0];
}
