import type { Command } from 'commander';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { settingsSources } from '../options.ts';

/** The sources of the portal's settings, with the file that the command changes. Throws `UserError` without one. */
export function configSources(called: Command): SettingsSources & { configFile: string } {
  const sources = settingsSources(called.optsWithGlobals());
  const { configFile } = sources;
  if (configFile === undefined) throw new UserError('name the portal.toml with --config FILE');
  return { ...sources, configFile };
}
