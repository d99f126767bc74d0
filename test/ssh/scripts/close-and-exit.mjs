// Opens a host through a port, closes it with a last script and exits without waiting: PORT FILE HOST(JSON).
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const [port, file, host] = process.argv.slice(2);
const jiti = createJiti(import.meta.url, { fsCache: false });
const load = (path) => jiti.import(fileURLToPath(new URL(`../../../src/${path}`, import.meta.url)));
const { environmentPasswords, openHost } = await load('ssh/index.ts');
const { sh } = await load('shell/index.ts');

const opened = await openHost(JSON.parse(host), {
  passwords: environmentPasswords({}),
  dial: async () => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  },
});
await opened.run(sh`echo noise`);
await opened.close(sh`echo last > ${file}`);
process.exit(0);
