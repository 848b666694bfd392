import { type Command, Option } from 'commander';
import {
  defaultText,
  flagName,
  type SettingsSources,
  type SettingsTable,
} from '../runtime/settings/settings.ts';

/** Adds a flag for each setting that is not secret, and `--config FILE`. */
export function addSettings(
  command: Command,
  table: SettingsTable,
  options: { config?: boolean } = {},
): Command {
  for (const [key, definition] of Object.entries(table)) {
    const { type, value, help, secret } = definition;
    if (secret) continue;
    const flag = `--${flagName(key)}`;
    const argument =
      type === 'switch' ? '' : type === 'list' ? ` <${value ?? 'VALUE'}...>` : ` <${value ?? 'VALUE'}>`;
    const usual = defaultText(definition);
    command.addOption(
      new Option(`${flag}${argument}`, usual === undefined ? help : `${help} (default: ${usual})`),
    );
  }
  if (options.config !== false)
    command.option('--config <FILE>', 'TOML file with settings; flags and environment variables override it');
  return command;
}

/** The sources of a command's settings: flags, environment, and the file of `--config` or STACKMETER_CONFIG. */
export function settingsSources(flags: Record<string, unknown>, env = process.env): SettingsSources {
  const { config, ...others } = flags;
  return { flags: others, env, configFile: typeof config === 'string' ? config : env['STACKMETER_CONFIG'] };
}
