import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { Difference, Discrepancy, Ledger } from '../portal/ledger/ledger.ts';
import { NOT_EXPORTED } from '../portal/ledger/store/upkeep/export-lines.ts';
import { orphansInWords } from '../portal/ledger/store/upkeep/orphans.ts';
import { linesOf } from '../portal/backup/backup-file.ts';
import { portalSettings, readLedgerPlace } from '../portal/settings/settings.ts';
import { readLedger, useLedger } from '../portal/use-ledger.ts';
import { systemClock } from '../runtime/clock.ts';
import { counted } from '../runtime/counted.ts';
import { createLogger } from '../runtime/logger.ts';
import { addSettings, settingsSources } from './options.ts';

export function ledgerCommand(): Command {
  return new Command('ledger')
    .description('checks, backs up, exports or imports the ledger')
    .addCommand(
      ledgerWork(
        'verify',
        'adds up the entries of every meter, and exits 1 if a sum differs from its total',
        readLedger,
        verifyLedger,
      ),
    )
    .addCommand(
      ledgerWork(
        'export',
        'writes the whole ledger to standard output as lines of JSON',
        readLedger,
        exportLedger,
      ),
    )
    .addCommand(
      ledgerWork(
        'import',
        'reads an export from standard input into an empty ledger',
        useLedger,
        importLedger,
      ),
    );
}

export const parts = () => ({ clock: systemClock, logger: createLogger({ level: 'warn' }) });

export function placeOf(called: Command) {
  return readLedgerPlace(settingsSources(called.optsWithGlobals()));
}

function ledgerWork(
  name: string,
  description: string,
  use: typeof useLedger,
  work: (ledger: Ledger) => Promise<void>,
): Command {
  const { data } = portalSettings;
  const command = new Command(name).description(description);
  return addSettings(command, { data }).action(async (_flags, called: Command) => {
    await use(placeOf(called), parts(), work);
  });
}

async function verifyLedger(ledger: Ledger): Promise<void> {
  const found = await ledger.verify();
  process.stdout.write(report(found));
  if (found.length > 0) process.exitCode = 1;
}

async function exportLedger(ledger: Ledger): Promise<void> {
  await pipeline(Readable.from(ledger.exportLines()), process.stdout, { end: false });
  process.stderr.write(`not in the export: ${NOT_EXPORTED}\n`);
}

async function importLedger(ledger: Ledger): Promise<void> {
  const rows = await ledger.importLines(linesOf(process.stdin.setEncoding('utf8')));
  process.stdout.write(`${counted(rows, 'row')} imported\n`);
  await verifyLedger(ledger);
}

/** The result of `verify` in words. */
export function report(found: readonly Discrepancy[]): string {
  if (found.length === 0) return 'every meter agrees with its entries\n';
  const lines = found.map((one) => `${'rows' in one ? orphansInWords(one) : differenceInWords(one)}\n`);
  const meters = found.filter((one) => !('rows' in one)).length;
  const sum =
    meters > 0
      ? `${meters} of the meters ${meters === 1 ? 'does' : 'do'} not agree with their entries\n`
      : '';
  return `${lines.join('')}${sum}`;
}

function differenceInWords({ site, projectId: project, resource, difference }: Difference): string {
  return `${site} ${project} ${resource}: entries differ from the total by ${difference} hours`;
}
