/** The few colours that reports use, by meaning. */
export interface Paint {
  strong(text: string): string;
  quiet(text: string): string;
  good(text: string): string;
  change(text: string): string;
  bad(text: string): string;
  live(text: string): string;
}

const plain = (text: string) => text;
const sgr = (open: number, close: number) => (text: string) =>
  text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`;

/** Without colours a report is the same text: no meaning rests on colour alone. */
export function createPaint(color: boolean): Paint {
  if (!color) return { strong: plain, quiet: plain, good: plain, change: plain, bad: plain, live: plain };
  return {
    strong: sgr(1, 22),
    quiet: sgr(2, 22),
    good: sgr(32, 39),
    change: sgr(33, 39),
    bad: sgr(31, 39),
    live: sgr(36, 39),
  };
}
