import { Command } from 'commander';
import { checkExporter } from '../exporter/cloud/check.ts';
import { unreadEarlierNames } from '../exporter/settings/earlier-names.ts';
import { createExporter } from '../exporter/exporter.ts';
import { readExporterConfigs, type ExporterConfig } from '../exporter/settings/config.ts';
import {
  EXPORTER_SETTINGS,
  readExporterSettings,
  type ExporterSettings,
} from '../exporter/settings/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { growHeapSparingly, limitNewSpace } from '../runtime/heap-growth.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger, type Logger } from '../runtime/logger.ts';
import type { DummyData } from '../simulation/dummy-data.ts';
import { addSettings, settingsSources } from './options.ts';

export function exporterCommand(): Command {
  const command = new Command('exporter').description(
    "the site's meter: reads usage from OpenStack and serves /metrics",
  );
  return addSettings(command, EXPORTER_SETTINGS).action(async (flags: Record<string, unknown>) => {
    const sources = settingsSources(flags);
    const logger = createLogger();
    const settings = readExporterSettings(sources);
    for (const name of unreadEarlierNames(sources.env))
      logger.warn({ name }, 'this variable of the earlier system has no effect (docs/upgrade.md)');
    const run = settings.check ? check : serve;
    const dummy = await dummyData(settings, logger);
    try {
      await run(dummy === undefined ? readExporterConfigs(sources) : [dummy.config], logger);
    } finally {
      await dummy?.close();
    }
  });
}

async function dummyData(settings: ExporterSettings, logger: Logger): Promise<DummyData | undefined> {
  if (settings.dummyData === undefined) return undefined;
  const { serveDummyData } = await import('../simulation/dummy-data.ts');
  return await serveDummyData(settings.dummyData, settings, { clock: systemClock, logger });
}

type Configs = readonly [ExporterConfig, ...ExporterConfig[]];

async function serve(configs: Configs, logger: Logger): Promise<void> {
  growHeapSparingly();
  limitNewSpace(8); // a refresh makes many objects that soon go: a larger space saves little CPU
  await runUntilSignal(createExporter(configs, { clock: systemClock, logger }), logger);
}

async function check(configs: Configs): Promise<void> {
  for (const config of configs) {
    if (config.cloud !== undefined) process.stdout.write(`${config.cloud}\n`);
    for (const line of await checkExporter(config, { clock: systemClock })) process.stdout.write(`${line}\n`);
  }
}
