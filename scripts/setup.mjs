// The npm packages and the build, and with `system` also what demo and tests need of Debian.
import { provideBuild, provideDocker, providePackages } from './provide.mjs';

if (process.argv.includes('system')) {
  providePackages('lab', 'tests');
  await provideDocker();
}
provideBuild();
