// The main job on the lab: boots the twin of the example inventory, provisions it, proves the split, and plans again.
import { asRoot, provideBuild, providePackages, root, run } from './provide.mjs';

const inventory = process.argv[2] ?? 'inventory.example.ts';
const lvsctl = (...args) => {
  console.log(`\n$ lvsctl ${args.join(' ')}`);
  return run(command, [...prefix, `${root}dist/src/cli/main.js`, ...args]);
};

providePackages('lab');
provideBuild();
const [command, prefix] = asRoot(process.execPath, [], 'the lab');

const steps = [
  ['lab', 'up', inventory],
  ['provision', inventory, '--lab'],
  ['plan', inventory, '--lab', '--exit-code'],
];
let status = 0;
for (const step of steps) {
  status = lvsctl(...step);
  if (status !== 0) break;
}
if (status === 0) {
  console.log(`
The cluster is up, proven, and a second plan is empty. Look around:
  npx lvsctl verify ${inventory} --lab
  npx lvsctl lab exec ${inventory} director -- ipvsadm -L -n
and end it with
  npx lvsctl lab down ${inventory}`);
}
process.exitCode = status;
