import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { quote } from './sh.js';

/** Plain data only: handlebars renders getters and prototype members as nothing, even in strict mode. */
export type TemplateData = Readonly<Record<string, unknown>>;

let handlebars: typeof import('handlebars') | undefined;

/** Loaded when the first template is rendered: a run that renders none, and a user's inventory, do not pay for it. */
function engine(): typeof import('handlebars') {
  if (handlebars) return handlebars;
  const own = (createRequire(import.meta.url)('handlebars') as typeof import('handlebars')).create();
  own.registerHelper('sh', (value: unknown) => {
    if (typeof value !== 'string' && typeof value !== 'number')
      throw new TypeError(`{{sh}} takes a string or a number, not ${typeof value}`);
    return quote(value);
  });
  handlebars = own;
  return own;
}

/**
 * Reads the template `file` beside the module `base` (`import.meta.url`) and returns its renderer.
 * Strict and without HTML escapes; a value that reaches a shell is written `{{sh value}}`.
 * @throws Error naming the template when a name is not in the data
 */
export function template(base: string, file: string): (data: TemplateData) => string {
  const path = fileURLToPath(new URL(file, base));
  let compiled: ((data: TemplateData) => string) | undefined;
  return (data) => {
    compiled ??= engine().compile(readFileSync(path, 'utf8'), { noEscape: true, strict: true });
    try {
      return compiled(data);
    } catch (cause) {
      throw new Error(`template ${path}: ${(cause as Error).message}`, { cause });
    }
  };
}
