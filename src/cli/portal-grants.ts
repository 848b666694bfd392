import { EVERYTHING } from '../portal/access/rights/scope.ts';
import { userInfo } from 'node:os';
import { Argument, Command, Option } from 'commander';
import type { AccountCommands } from '../portal/accounts-over-socket.ts';
import { csvOf } from '../portal/accounts/grants/csv-file.ts';
import { RuleError } from '../portal/accounts/grants/rules.ts';
import { ConditionError } from '../portal/accounts/grants/condition.ts';
import { tomlOf } from '../portal/accounts/grants/toml-text.ts';
import { portalSettings, readLedgerPlace } from '../portal/settings/settings.ts';
import { useAccounts } from '../portal/use-accounts.ts';
import { systemClock } from '../runtime/clock.ts';
import { counted } from '../runtime/counted.ts';
import { createLogger } from '../runtime/logger.ts';
import { UserError } from '../runtime/user-error.ts';
import { readGrantsToApply } from './grants-file.ts';
import { addSettings, settingsSources } from './options.ts';

export function grantsCommand(): Command {
  return new Command('grants')
    .description(
      'changes or exports grants, accounts, people, price books and marks, in the running portal or in its database',
    )
    .addCommand(applyCommand())
    .addCommand(exportCommand())
    .addCommand(eraseCommand());
}

interface ApplyFlags {
  dryRun?: boolean;
  removeMissing?: boolean;
}

function applyCommand(): Command {
  return withPlace(
    new Command('apply')
      .description(
        'makes the grants, accounts, people, price books and marks of a file exactly what the file says; others stay',
      )
      .addArgument(new Argument('<FILE>', 'TOML or CSV; or a portal.toml, whose [[grant]] tables it imports'))
      .option('--dry-run', 'only print the difference')
      .option('--remove-missing', 'also remove grants and accounts that the file does not name'),
  ).action(async (path: string, _flags, called: Command) => {
    const { dryRun, removeMissing } = called.opts<ApplyFlags>();
    const { file, keep } = readGrantsToApply(path);
    const changes = await withAccounts(
      called,
      path,
      async (accounts) => await accounts.apply(file, author(), { dryRun, removeMissing, keep }),
    );
    process.stdout.write(changes.map((change) => `${change}\n`).join(''));
    process.stdout.write(summary(changes.length, dryRun === true));
  });
}

function summary(changes: number, dryRun: boolean): string {
  if (changes === 0) return 'nothing to change\n';
  return dryRun
    ? `dry run: ${counted(changes, 'change')}, nothing was written\n`
    : `${counted(changes, 'change')} written\n`;
}

function exportCommand(): Command {
  return withPlace(
    new Command('export')
      .description(
        'writes all grants, accounts, people, price books and marks to standard output, as a file for apply',
      )
      .addOption(
        new Option('--format <FORMAT>', 'csv has no people, accounts, labels, price books and marks')
          .choices(['toml', 'csv'])
          .default('toml'),
      ),
  ).action(async (_flags, called: Command) => {
    const file = await withAccounts(called, undefined, async (accounts) => await accounts.file(EVERYTHING));
    process.stdout.write(called.opts<{ format: string }>().format === 'csv' ? csvOf(file) : tomlOf(file));
  });
}

function eraseCommand(): Command {
  return withPlace(
    new Command('erase')
      .description('erases name and mail of a person for ever; the history keeps the id')
      .argument('<PERSON>', 'id of the person'),
  ).action(async (person: string, _flags, called: Command) => {
    const changes = await withAccounts(
      called,
      undefined,
      async (accounts) => await accounts.erase(person, author()),
    );
    process.stdout.write(
      changes.length === 0
        ? `person ${person} was erased before\n`
        : changes.map((change) => `${change}\n`).join(''),
    );
  });
}

function withPlace(command: Command): Command {
  const { data } = portalSettings;
  return addSettings(command, { data });
}

async function withAccounts<T>(
  called: Command,
  path: string | undefined,
  work: (accounts: AccountCommands) => Promise<T>,
): Promise<T> {
  const place = readLedgerPlace(settingsSources(called.optsWithGlobals()));
  try {
    return await useAccounts(place, { clock: systemClock, logger: createLogger({ level: 'warn' }) }, work);
  } catch (error) {
    if (error instanceof RuleError)
      throw new UserError(path === undefined ? error.message : `${path}: ${error.message}`, { cause: error });
    if (error instanceof ConditionError) throw new UserError(error.message, { cause: error });
    throw error;
  }
}

function author() {
  return { author: userInfo().username, origin: 'command' };
}
