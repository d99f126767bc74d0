import { createInterface } from 'node:readline';
import { Generator } from './generator.js';
import type { LoadOptions } from './result.js';

/**
 * The load as a process of its own: its options are its argument, as JSON. A result a second on stdout, a line each, the last one when
 * all has ended. Lines on stdin: `phase NAME`, `download`, `stop`. When stdin ends, so does it, whatever is under way: nobody is there any more.
 */
const generator = new Generator(JSON.parse(process.argv[2] ?? '{}') as LoadOptions);
const tell = (): void => {
  process.stdout.write(`${JSON.stringify(generator.result())}\n`);
};
const telling = setInterval(tell, 1000);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line === 'stop') void generator.stop();
  if (line === 'download') generator.download();
  if (line.startsWith('phase ')) generator.phase(line.slice('phase '.length));
});
lines.on('close', () => process.exit(1));
process.stdout.on('error', () => process.exit(1));
await generator.ended;
clearInterval(telling);
process.stdout.write(`${JSON.stringify(generator.result())}\n`, () => process.exit(0));
