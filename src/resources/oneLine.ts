/** Text for a comment or a description: without the newline that would end it and make a command of the rest. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
