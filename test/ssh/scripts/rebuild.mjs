// Rebuilds as lvsctl does, telling events as JSON lines: CLUSTER(JSON, hosts as entries) FOLDER GIVEN(JSON, entries)
// DELAYS(JSON, before it comes back to a lost host) CACHE(for what is translated). See test/ssh/kernel.
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

const [cluster, folder, given, delays, cache] = process.argv.slice(2);
const jiti = createJiti(import.meta.url, { fsCache: cache });
const load = (path) => jiti.import(fileURLToPath(new URL(`../../${path}`, import.meta.url)));
const { rebuild } = await load('ssh/kernel/rebuild.ts');
const { folderStore } = await load('support/folder-store.ts');

const plain = JSON.parse(cluster);
await rebuild({ ...plain, hosts: new Map(plain.hosts) }, folderStore(folder, new Map(JSON.parse(given))), {
  reconnectDelays: JSON.parse(delays),
  sink: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
