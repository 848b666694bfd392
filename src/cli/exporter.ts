import { Command } from 'commander';
import { checkExporter } from '../exporter/check.ts';
import { createExporter } from '../exporter/exporter.ts';
import { EXPORTER_SETTINGS, readExporterConfig, type ExporterConfig } from '../exporter/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logger.ts';
import { addSettings, settingsSources } from './options.ts';

export function exporterCommand(): Command {
  const command = new Command('exporter').description("the site's meter: reads OpenStack, serves /metrics");
  return addSettings(command, EXPORTER_SETTINGS).action(async (flags: Record<string, unknown>) => {
    const config = readExporterConfig(settingsSources(flags));
    await (flags['check'] === true ? check(config) : serve(config));
  });
}

async function serve(config: ExporterConfig): Promise<void> {
  const logger = createLogger();
  await runUntilSignal(createExporter(config, { clock: systemClock, logger }), logger);
}

async function check(config: ExporterConfig): Promise<void> {
  for (const line of await checkExporter(config, { clock: systemClock })) process.stdout.write(`${line}\n`);
}
