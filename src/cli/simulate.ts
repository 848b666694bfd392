import { Command } from 'commander';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logger.ts';
import { readSimulationConfig, simulationSettings } from '../simulation/settings.ts';
import { createSimulatedCloud } from '../simulation/simulated-cloud.ts';
import { addSettings, settingsSources } from './options.ts';

export function simulateCommand(): Command {
  const command = new Command('simulate').description('serves a simulated cloud as an OpenStack API');
  return addSettings(command, simulationSettings).action(async (flags: Record<string, unknown>) => {
    const logger = createLogger();
    const config = readSimulationConfig(settingsSources(flags), systemClock.nowMs());
    const cloud = createSimulatedCloud(config, { clock: systemClock, logger });
    const start = async () => {
      await cloud.start();
      process.stdout.write(asOpenrc(cloud.environment()));
    };
    await runUntilSignal({ start, close: () => cloud.close() }, logger);
  });
}

/** `KEY=value` lines, for a file or a shell. */
function asOpenrc(environment: Record<string, string>): string {
  return Object.entries(environment)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
