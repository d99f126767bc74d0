// tsc emits only TypeScript; the roles' templates and readmes and the example inventory travel beside the emitted code.
import { chmodSync, cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
cpSync(`${root}/roles`, `${root}/dist/roles`, { recursive: true, filter: (path) => !path.endsWith('.ts') });
cpSync(`${root}/inventory.example.ts`, `${root}/dist/inventory.example.ts`);
chmodSync(`${root}/dist/src/cli/main.js`, 0o755);
