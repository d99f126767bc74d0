// The floor: one ssh2 connection and one exec of the thirty probes, and nothing of lvsctl.
// Usage: bare-ssh2.mjs PORT KEY PATH…
import { readFileSync } from 'node:fs';
import { Client } from 'ssh2';

const [port, key, ...paths] = process.argv.slice(2);
const probes = paths.map((path) => `[ -d ${path} ] && ls -ldL ${path}`).join('\n');
const client = new Client();
client.on('ready', () => {
  client.exec(probes, (error, channel) => {
    if (error) throw error;
    let lines = '';
    channel.on('data', (chunk) => {
      lines += chunk;
    });
    channel.on('close', (status) => {
      client.end();
      process.exitCode = status === 0 && lines.trim().split('\n').length === paths.length ? 0 : 1;
    });
  });
});
client.connect({ host: '127.0.0.1', port: Number(port), username: 'root', privateKey: readFileSync(key) });
client.setNoDelay(true);
