import { Argument, Command, Option } from 'commander';
import { readExporterSettings } from '../../exporter/settings/settings.ts';
import { loadCredentials } from '../../exporter/openstack/credentials/openrc.ts';
import { checkLiveConfig } from '../../gate/settings/live-config.ts';
import { readGateConfig } from '../../gate/settings/settings.ts';
import { readRenderedSender } from '../../portal/prometheus-config/read-plan.ts';
import { senderAdvice } from '../../portal/settings/sender-settings.ts';
import { readPortalConfig } from '../../portal/settings/settings.ts';
import { parseListenAddress } from '../../runtime/http/listen.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { readTomlFile } from '../../runtime/files/toml-file.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { readSimulationConfig } from '../../simulation/settings.ts';
import { parseProfile } from '../../simulation/profile/profile.ts';
import { readPriceBooks } from '../quote/book-file.ts';
import { isCsv, readGrantsFile } from '../grants-file.ts';
import { CONFIGURATION_KINDS, configurationKind, type ConfigurationKind } from './configuration-kind.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('checks a configuration file; prints its first error and exits 1, or prints OK')
    .addArgument(
      new Argument(
        '<FILE>',
        'configuration of an exporter, gate, portal or simulation, a file of grants or of price books, or a profile of a cloud',
      ),
    )
    .addOption(
      new Option('--role <ROLE>', 'kind of the file, if its keys fit several kinds').choices(
        CONFIGURATION_KINDS,
      ),
    )
    .action(async (file: string, { role }: { role?: ConfigurationKind }) => {
      const kind = role ?? (isCsv(file) ? 'grants' : configurationKind(readTomlFile(file), file));
      await checks[kind]({ flags: {}, env: process.env, configFile: file }, file);
      process.stdout.write(`${file}: OK: ${names[kind]}\n`);
    });
}

const names: Record<ConfigurationKind, string> = {
  exporter: 'exporter configuration',
  gate: 'gate configuration',
  portal: 'portal configuration',
  simulation: 'simulation configuration',
  grants: 'people, accounts, grants, price books and marks',
  prices: 'price books',
  profile: 'profile of a simulated cloud',
};

/** Each check reads the file like its role, and throws the same `UserError`. */
const checks: Record<ConfigurationKind, (sources: SettingsSources, file: string) => unknown> = {
  exporter: checkExporter,
  gate: checkGate,
  portal: checkPortal,
  simulation: (sources) => readSimulationConfig(sources, Date.now()),
  grants: (_sources, file) => readGrantsFile(file),
  prices: (_sources, file) => readPriceBooks(file),
  profile: (_sources, file) => checkProfile(file),
};

/** Checks credentials only if the file names them; otherwise they come from the environment. */
function checkExporter(sources: SettingsSources): void {
  const { listen, openrc, dummyData } = readExporterSettings(sources);
  parseListenAddress(listen);
  if (openrc !== undefined) loadCredentials({}, openrc);
  if (dummyData !== undefined) checkProfile(dummyData);
}

/** Writes advice to standard error about settings that may be right but often are not. */
function checkPortal(sources: SettingsSources, file: string): void {
  const { senders = [] } = readPortalConfig(sources);
  for (const advice of senderAdvice(senders, readRenderedSender(sources)))
    process.stderr.write(`${file}: ${advice}\n`);
}

async function checkGate(sources: SettingsSources): Promise<void> {
  await checkLiveConfig(readGateConfig(sources), Date.now());
}

function checkProfile(file: string): void {
  parseProfile(readProfile(file), file);
}

function readProfile(file: string): string {
  try {
    return readTextFile(file);
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${describeError(error)}`, { cause: error });
  }
}
