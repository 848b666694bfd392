// `npm test`: runs every test for which this machine has the programs, and says what it left out. Arguments go to vitest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRequired, missing } from '../test/support/requirements.mjs';
import { bin, build, install, root, say } from './prepare.mjs';

install();
build();
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-test-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  bin('vitest'),
  [
    'run',
    '--reporter',
    'default',
    '--reporter',
    'json',
    '--outputFile.json',
    report,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
const leftOut = missing().filter(({ name }) => !isRequired(name));
if (leftOut.length > 0) {
  say(`left out what needs ${leftOut.map(({ name, get }) => `${name} (${get})`).join(', ')}`);
}
let failures = 1;
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A suite that could not be loaded has no tests to count, but it is a failure.
  const unloaded = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  // An unhandled error is a failure, too: vitest then fails without a failed test.
  failures = Math.max(result.numFailedTests + unloaded.length, status === 0 ? 0 : 1);
  const skipped = result.numPendingTests + (result.numTodoTests ?? 0);
  process.stdout.write(
    `${result.numPassedTests} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
  );
} catch (error) {
  say(`vitest left no report: ${error.message}`);
}
rmSync(folder, { recursive: true, force: true });
process.exitCode = status !== 0 || failures > 0 ? 1 : 0;
