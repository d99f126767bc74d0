// tsc emits only TypeScript; the roles' templates and readmes, the lab's sources of kernels and the example inventory travel beside the
// emitted code.
import { chmodSync, cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
cpSync(`${root}/roles`, `${root}/dist/roles`, { recursive: true, filter: (path) => !path.endsWith('.ts') });
cpSync(`${root}/src/lab/twin-sources/files`, `${root}/dist/src/lab/twin-sources/files`, { recursive: true });
cpSync(`${root}/inventory.example.ts`, `${root}/dist/inventory.example.ts`);
chmodSync(`${root}/dist/src/cli/main.js`, 0o755);
