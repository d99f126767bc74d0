import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobLog } from '../../../src/ssh/jobs.js';

const id = '20261123T060000-0123456789ab';
const text = [
  `@${id} job {"owner":"a@b pid 1","begun":"2026-11-23T06:00:00.000Z","steps":[{"id":"file /x","summary":"write /x"},{"id":"service y","summary":"restart y"}]}`,
  `\n@${id} begin 0`,
  'hello',
  '@other begin 7',
  'no newline at its end',
  `\n@${id} end 0 0`,
  `\n@${id} begin 1`,
  `\n@${id} stderr 1`,
  'y: not known',
  `\n@${id} end 1 5\n`,
].join('\n');

function listen(chunks: readonly Buffer[]): string[] {
  const told: string[] = [];
  const log = new JobLog(id, {
    onManifest: (manifest) => told.push(`manifest ${manifest.owner} ${manifest.steps.length}`),
    onBegin: (step) => told.push(`begin ${step} ${log.current}`),
    onLine: (line, step) => told.push(`line ${step} ${line}`),
    onEnd: (step, status, stderr) => told.push(`end ${step} ${status} ${stderr}`),
  });
  for (const chunk of chunks) log.write(chunk);
  log.end();
  return told;
}

describe('JobLog', () => {
  const whole = [
    'manifest a@b pid 1 2',
    'begin 0 file /x',
    'line 0 hello',
    'line 0 @other begin 7',
    'line 0 no newline at its end',
    'end 0 0 ',
    'begin 1 service y',
    'end 1 5 y: not known',
  ];
  it('tells steps, lines and failures apart', () => expect(listen([Buffer.from(text)])).toEqual(whole));

  it('tells the same however the log is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const bytes = Buffer.from(text);
        expect(listen(at.slice(1).map((end, i) => bytes.subarray(at[i], end)))).toEqual(whole);
      }),
    );
  });

  it('is total: a log that was cut short, or that a host made up, is no reason to end', () => {
    const word = fc.oneof(fc.string(), fc.json(), fc.constantFrom('0', '1', '-1', '7', '1.5', 'x', 'null'));
    const verb = fc.constantFrom('job', 'begin', 'stderr', 'end', '');
    const line = fc.oneof(
      fc.tuple(verb, word, word).map((words) => `@${id} ${words.join(' ')}`),
      fc.constantFrom(...text.split('\n')),
      word,
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const steps = listen([Buffer.from(lines.join('\n'))]).filter((told) => /^(begin|end)/.test(told));
        for (const told of steps) expect(told).toMatch(/^begin \d+ \S|^end \d+ \d+ /);
      }),
    );
  });
});
