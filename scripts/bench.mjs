// lvsctl against Ansible on the same sshd; with --write the table goes into the README.
import { asRoot, provideBuild, providePackages, root, run } from './provide.mjs';

providePackages('bench');
provideBuild();
const program = [
  `${root}node_modules/jiti/lib/jiti-cli.mjs`,
  `${root}test/bench/run.ts`,
  ...process.argv.slice(2),
];
process.exitCode = run(...asRoot(process.execPath, program, 'an sshd that lets root in'));
