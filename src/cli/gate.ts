import { Command } from 'commander';
import { checkGate } from '../gate/check.ts';
import { createGate } from '../gate/server.ts';
import { gateSettings, readGateConfig } from '../gate/settings/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logger.ts';
import { printCheck } from './check/print-check.ts';
import { acceptCommand } from './enrolment/accept.ts';
import { addSettings, settingsSources } from './options.ts';

export function gateCommand(): Command {
  const command = new Command('gate').description("the site's gate: serves usage to holders of a token");
  return addSettings(command, gateSettings)
    .action(async (flags: Record<string, unknown>) => {
      const reread = () => readGateConfig(settingsSources(flags));
      const config = reread();
      if (config.check === true) return printCheck(await checkGate(config, { clock: systemClock }));
      const logger = createLogger().child({ role: 'gate' });
      await runUntilSignal(createGate(config, { clock: systemClock, logger, reread }), logger);
    })
    .addCommand(acceptCommand());
}
