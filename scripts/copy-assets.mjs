// tsc emits only TypeScript; the roles' templates and readmes, the lab's sources of kernels and files of guests, and the example
// inventories travel beside the emitted code.
import { chmodSync, cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
cpSync(`${root}/roles`, `${root}/dist/roles`, { recursive: true, filter: (path) => !path.endsWith('.ts') });
cpSync(`${root}/src/lab/twin-sources/files`, `${root}/dist/src/lab/twin-sources/files`, { recursive: true });
for (const folder of ['initramfs', 'root'])
  cpSync(`${root}/src/lab/redhat9/${folder}`, `${root}/dist/src/lab/redhat9/${folder}`, { recursive: true });
for (const name of ['inventory.example.ts', 'inventory.redhat9.ts'])
  cpSync(`${root}/${name}`, `${root}/dist/${name}`);
chmodSync(`${root}/dist/src/cli/main.js`, 0o755);
