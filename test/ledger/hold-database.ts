// Starts an embedded database in the folder of the first argument, prints its address, and runs it until a signal.
import { EmbeddedDatabase } from '../../src/portal/database/embedded/embedded-database.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { describeError } from '../../src/runtime/user-error.ts';

const database = new EmbeddedDatabase({
  dataFolder: process.argv[2] ?? '',
  logger: createLogger({ level: 'warn', pretty: false }),
});
try {
  process.stdout.write(`started ${JSON.stringify(await database.start())}\n`);
  process.once('SIGTERM', () => void database.close());
} catch (error) {
  process.stdout.write(`failed ${describeError(error)}\n`);
}
