// Runs the tests of the ledger on a Citus: LEDGER_TEST_DATABASE_URL is its coordinator, LEDGER_TEST_WORKERS its workers
// (host:port,…). Every ledger of a test is a new database on all nodes, distributed by deploy/citus/distribute.sql.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { bin, build, install, root, say } from './prepare.mjs';

/** Tests that use only the ledger: others start portals or read the catalogue of a plain PostgreSQL. */
const FILES = ['gaps', 'grants', 'leases', 'server-hours', 'sites', 'storage', 'sweeps', 'usage', 'verify'];

if (process.env['LEDGER_TEST_DATABASE_URL'] === undefined) {
  say('set LEDGER_TEST_DATABASE_URL to the URL of the coordinator, as a superuser');
  process.exit(2);
}
install();
build();
const files = FILES.map((name) => `test/ledger/${name}.test.ts`);
const only = ['run', '--project', 'system', '-t', 'on LEDGER_TEST_DATABASE_URL', '--maxWorkers', '1'];
const { status } = spawnSync(bin('vitest'), [...only, ...files, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
