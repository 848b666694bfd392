// A program for tests that kill it: an exporter that refreshes without a pause, with credentials in the environment.
import { createExporter } from '../../src/exporter/exporter.ts';
import { readExporterConfig } from '../../src/exporter/settings/config.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';

const [state, start] = process.argv.slice(2);
const flags = { state, start, settlingDelay: 0, pageSize: 50 };
const config = readExporterConfig({ flags, env: process.env });
const exporter = createExporter(config, { clock: systemClock, logger: silentLogger() });
for (;;) {
  await exporter.refresh();
  process.stdout.write('refreshed\n');
}
