import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { readBackup, writeBackup } from '../portal/backup/backup-file.ts';
import { backupOverSocket } from '../portal/backup/backup-over-socket.ts';
import type { Discrepancy } from '../portal/ledger/ledger.ts';
import { NOT_IN_BACKUP } from '../portal/ledger/store/upkeep/export-lines.ts';
import { withOwnerSocket } from '../portal/owner-socket.ts';
import { portalSettings, type LedgerPlace } from '../portal/settings/settings.ts';
import { readLedger, useLedger } from '../portal/use-ledger.ts';
import { counted } from '../runtime/counted.ts';
import { addSettings } from './options.ts';
import { parts, placeOf, report } from './portal-ledger.ts';

export function backupCommand(): Command {
  const { data } = portalSettings;
  const command = new Command('backup')
    .description('writes a backup of the whole database of the portal, while the portal runs or not')
    .argument('<FILE>', 'file to write; it is there only once it is whole');
  return addSettings(command, { data }).action(async (file: string, _flags, called: Command) => {
    const { rows, bytes } = await makeBackup(file, placeOf(called));
    process.stdout.write(`${file}: ${counted(rows, 'row')} in ${counted(bytes, 'byte')}\n`);
    process.stderr.write(`not in the backup: ${NOT_IN_BACKUP}\n`);
  });
}

export function restoreCommand(): Command {
  const { data } = portalSettings;
  const command = new Command('restore')
    .description('restores a backup into an empty database, and verifies the ledger')
    .argument('<FILE>', 'a file that backup has written')
    .option('--dry-run', 'restores into a database of its own, which it removes, and exits 1 if that fails');
  return addSettings(command, { data }).action(
    async (file: string, { dryRun }: { dryRun?: true }, called: Command) => {
      const { rows, disagree } = dryRun ? await tryBackup(file) : await restoreBackup(file, placeOf(called));
      process.stdout.write(`${counted(rows, 'row')} restored\n${report(disagree)}`);
      if (disagree.length > 0) process.exitCode = 1;
      else if (dryRun) process.stdout.write(`ready: ${file} can be restored\n`);
    },
  );
}

/**
 * Writes a backup of the ledger to a file, from the database as it is: never migrates it. A portal that runs on an embedded
 * database makes the backup itself.
 */
async function makeBackup(path: string, place: LedgerPlace): Promise<{ rows: number; bytes: number }> {
  const running =
    place.databaseUrl === undefined
      ? await withOwnerSocket(
          place.dataFolder,
          async (socket) => await writeBackup(path, backupOverSocket(socket)),
        )
      : undefined;
  if (running !== undefined) return running.result;
  return await readLedger(
    { ...place, migrates: false },
    parts(),
    async (ledger) => await writeBackup(path, ledger.exportLines('backup')),
  );
}

interface RestoreOutcome {
  rows: number;
  disagree: Discrepancy[];
}

/** Restores a backup into an empty database, and verifies the ledger. */
async function restoreBackup(path: string, place: LedgerPlace): Promise<RestoreOutcome> {
  return await useLedger(place, parts(), async (ledger) => {
    const rows = await ledger.importLines(readBackup(path), 'backup');
    return { rows, disagree: await ledger.verify() };
  });
}

/** Restores a backup into an embedded database that is then removed. */
async function tryBackup(path: string): Promise<RestoreOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'stackmeter-restore-'));
  try {
    return await restoreBackup(path, { dataFolder: folder, databaseUrl: undefined });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
