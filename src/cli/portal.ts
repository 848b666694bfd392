import { Command } from 'commander';
import { createPortal } from '../portal/portal.ts';
import { portalSettings, readPortalConfig } from '../portal/settings/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logger.ts';
import { addSettings, settingsSources } from './options.ts';
import { accessCommand, portalTokenCommand } from './portal-access.ts';
import { grantsCommand } from './portal-grants.ts';
import { ledgerCommand } from './portal-ledger.ts';
import { prometheusConfigCommand } from './portal-prometheus-config.ts';

export function portalCommand(): Command {
  const command = new Command('portal').description(
    'the portal: reads the gates of sites into a ledger, serves API and pages',
  );
  return addSettings(command, portalSettings)
    .action(async (flags: Record<string, unknown>) => {
      const sources = settingsSources(flags);
      const logger = createLogger();
      const reread = () => readPortalConfig(sources);
      const portal = createPortal(readPortalConfig(sources), { clock: systemClock, logger, reread });
      await runUntilSignal(portal, logger);
    })
    .addCommand(accessCommand())
    .addCommand(grantsCommand())
    .addCommand(ledgerCommand())
    .addCommand(prometheusConfigCommand())
    .addCommand(portalTokenCommand());
}
