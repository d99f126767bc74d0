export { bytesOfText, hasForeignBytes, readable, textOfBytes } from './bytes.js';
export { cmd, quoteForCmd } from './cmd.js';
export { nested, quote, Sh, type ShValue, sh, shLines, trusted } from './sh.js';
export { type TemplateData, template } from './template.js';
