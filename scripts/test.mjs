// All tests, cheapest first, and one line of totals at the end. A skipped test is a failure: it proves nothing.
// Usage: test.mjs [unit] [ssh] [roles] [lab] [kernel]; all but kernel, which builds one, unless named.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { asRoot, provideBuild, provideDocker, providePackages, root, run } from './provide.mjs';

const USUAL = ['unit', 'ssh', 'roles', 'lab'];
const PROJECTS = [...USUAL, 'kernel'];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PROJECTS.includes(name));
if (unknown.length > 0) {
  console.error(`unknown test project: ${unknown.join(' ')}; there are ${PROJECTS.join(' ')}`);
  process.exit(2);
}
const projects = PROJECTS.filter((name) => (wanted.length === 0 ? USUAL : wanted).includes(name));

if (projects.some((name) => name !== 'unit')) providePackages('lab', 'tests');
if (projects.includes('kernel')) providePackages('kernel');
if (projects.includes('roles') || projects.includes('kernel')) await provideDocker();
provideBuild();

const results = `${root}.cache/test-results`;
mkdirSync(results, { recursive: true });

/** Runs one vitest project and counts; a run that breaks before or after its tests is one failure more. */
function test(project) {
  const file = `${results}/${project}.json`;
  rmSync(file, { force: true });
  const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--project', project];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = [...vitest, ...reporters];
  const [command, rest] =
    project === 'unit' ? [process.execPath, args] : asRoot(process.execPath, args, `the project ${project}`);
  const status = run(command, rest);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    counts.passed = report.numPassedTests;
    counts.failed = report.numFailedTests;
    counts.skipped = report.numPendingTests + report.numTodoTests;
  } catch {
    // No report: vitest itself broke, and said why above.
  }
  if (counts.failed === 0 && (status !== 0 || counts.passed === 0)) counts.failed = 1;
  return counts;
}

let passed = 0;
let failed = 0;
const lines = [];
for (const project of projects) {
  const counts = test(project);
  passed += counts.passed;
  failed += counts.failed + counts.skipped;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped (counted as failed)` : '';
  lines.push(`${project.padEnd(6)} ${counts.passed} passed, ${counts.failed} failed${skipped}`);
}
console.log(`\n${lines.join('\n')}\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
