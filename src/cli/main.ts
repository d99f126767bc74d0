#!/usr/bin/env node
import { runCli } from './cli.js';

// `lvsctl provision | head`: the reader is gone, the work goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const status = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signals: process,
  exit: (code) => process.exit(code),
});
// An open handle must not keep the process, and an early exit must not cut off what a pipe has not taken yet.
process.exitCode = status;
const written = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) =>
    stream.writableLength === 0 || stream.destroyed ? resolve() : stream.write('', () => resolve()),
  );
await Promise.all([written(process.stdout), written(process.stderr)]);
process.exit(status);
