import { Command } from 'commander';
import { checkPortal } from '../portal/check.ts';
import { createPortal } from '../portal/portal.ts';
import { portalSettings, readPortalConfig } from '../portal/settings/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logger.ts';
import { printCheck } from './check/print-check.ts';
import { enrolCommand } from './enrolment/enrol.ts';
import { inviteCommand } from './enrolment/invite.ts';
import { addSettings, settingsSources } from './options.ts';
import { accessCommand, portalTokenCommand } from './portal-access.ts';
import { grantsCommand } from './portal-grants.ts';
import { backupCommand, restoreCommand } from './portal-backup.ts';
import { ledgerCommand } from './portal-ledger.ts';
import { prometheusConfigCommand } from './portal-prometheus-config.ts';

export function portalCommand(): Command {
  const command = new Command('portal').description(
    'the portal: reads the gates of sites into a ledger, serves API and pages',
  );
  return addSettings(command, portalSettings)
    .action(async (flags: Record<string, unknown>) => {
      const sources = settingsSources(flags);
      const config = readPortalConfig(sources);
      if (config.check === true) return printCheck(await checkPortal(config, { clock: systemClock }));
      const logger = createLogger();
      const reread = () => readPortalConfig(sources);
      const portal = createPortal(config, { clock: systemClock, logger, reread });
      await runUntilSignal(portal, logger);
    })
    .addCommand(accessCommand())
    .addCommand(enrolCommand())
    .addCommand(grantsCommand())
    .addCommand(inviteCommand())
    .addCommand(ledgerCommand().addCommand(backupCommand()).addCommand(restoreCommand()))
    .addCommand(prometheusConfigCommand())
    .addCommand(portalTokenCommand());
}
