// `npm test`: runs every test for which this machine has the programs, and says what it left out. Arguments go to vitest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRequired, missing } from '../test/support/requirements.mjs';
import { bin, build, install, root, say } from './prepare.mjs';

const given = process.argv.slice(2);
/** The tests of `openstack` mostly wait for the cloud, so all others run beside them. */
const runs = given.length > 0 ? [given] : [['--project=!openstack'], ['--project=openstack']];

install();
build();
const folder = mkdtempSync(join(tmpdir(), 'stackmeter-test-'));
const counts = await Promise.all(runs.map(runVitest));
rmSync(folder, { recursive: true, force: true });
const leftOut = missing().filter(({ name }) => !isRequired(name));
if (leftOut.length > 0) {
  say(`left out what needs ${leftOut.map(({ name, get }) => `${name} (${get})`).join(', ')}`);
}
const sum = (kind) => counts.reduce((all, count) => all + count[kind], 0);
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(sum);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed > 0 ? 1 : 0;

/** Shows the first run while it goes on, and each other run when it ends. */
async function runVitest(args, index) {
  const report = join(folder, `${index}.json`);
  const reporters = ['default', './test/stuck-files.ts', 'json'].flatMap((name) => ['--reporter', name]);
  const stdio = index === 0 ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const vitest = spawn(bin('vitest'), ['run', ...reporters, '--outputFile.json', report, ...args], {
    cwd: root,
    stdio,
  });
  const shown = [];
  for (const stream of [vitest.stdout, vitest.stderr]) stream?.on('data', (chunk) => shown.push(chunk));
  const [status] = await once(vitest, 'close');
  process.stdout.write(Buffer.concat(shown));
  try {
    return countsOf(JSON.parse(readFileSync(report, 'utf8')), status);
  } catch (error) {
    say(`vitest left no report: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function countsOf(result, status) {
  // A suite that could not be loaded has no tests to count, but it is a failure.
  const unloaded = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: result.numPassedTests,
    // An unhandled error is a failure, too: vitest then fails without a failed test.
    failed: Math.max(result.numFailedTests + unloaded.length, status === 0 ? 0 : 1),
    skipped: result.numPendingTests + (result.numTodoTests ?? 0),
  };
}
