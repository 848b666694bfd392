import { Command } from 'commander';
import type { Discrepancy } from '../portal/ledger/ledger.ts';
import { createPortal } from '../portal/portal.ts';
import { portalSettings, readLedgerPlace, readPortalConfig } from '../portal/settings.ts';
import { verifyLedger } from '../portal/verify-ledger.ts';
import { systemClock } from '../runtime/clock.ts';
import { runUntilSignal } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logger.ts';
import { addSettings, settingsSources } from './options.ts';

export function portalCommand(): Command {
  const command = new Command('portal').description('collector, ledger, API and web pages');
  return addSettings(command, portalSettings)
    .action(async (flags: Record<string, unknown>) => {
      const sources = settingsSources(flags);
      const logger = createLogger();
      const rereadSites = () => readPortalConfig(sources).sites;
      const portal = createPortal(readPortalConfig(sources), { clock: systemClock, logger, rereadSites });
      await runUntilSignal(portal, logger);
    })
    .addCommand(new Command('ledger').description('looks after the ledger').addCommand(verifyCommand()));
}

function verifyCommand(): Command {
  const { data } = portalSettings;
  const command = new Command('verify').description(
    'adds up every meter, and exits 1 where entries and total differ',
  );
  return addSettings(command, { data }).action(async (_flags, called: Command) => {
    const place = readLedgerPlace(settingsSources(called.optsWithGlobals()));
    const found = await verifyLedger(place, { clock: systemClock, logger: createLogger({ level: 'warn' }) });
    process.stdout.write(report(found));
    if (found.length > 0) process.exitCode = 1;
  });
}

function report(found: readonly Discrepancy[]): string {
  if (found.length === 0) return 'every meter agrees with its entries\n';
  const lines = found.map(
    ({ site, project_id: project, resource, difference }) =>
      `${site} ${project} ${resource}: entries differ from the total by ${difference} hours\n`,
  );
  return `${lines.join('')}${found.length} of the meters do not agree with their entries\n`;
}
