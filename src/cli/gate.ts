import { Command } from 'commander';
import { createGate } from '../gate/server.ts';
import { gateSettings, readGateConfig } from '../gate/settings/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logger.ts';
import { addSettings, settingsSources } from './options.ts';

export function gateCommand(): Command {
  const command = new Command('gate').description("the site's gate: serves usage to holders of a token");
  return addSettings(command, gateSettings).action(async (flags: Record<string, unknown>) => {
    const reread = () => readGateConfig(settingsSources(flags));
    const logger = createLogger().child({ role: 'gate' });
    await runUntilSignal(createGate(reread(), { clock: systemClock, logger, reread }), logger);
  });
}
