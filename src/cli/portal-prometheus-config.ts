import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { readPrometheusPlan } from '../portal/prometheus-config/read-plan.ts';
import { renderPrometheusConfig } from '../portal/prometheus-config/render.ts';
import { UserError, describeError } from '../runtime/user-error.ts';
import { settingsSources } from './options.ts';

export function prometheusConfigCommand(): Command {
  return new Command('prometheus-config')
    .description('writes the configuration of a Prometheus that federates the sites of portal.toml')
    .option('--output <FILE>', 'overwrite this file in place, instead of writing to standard output')
    .action(async (_flags, called: Command) => {
      const { output, ...flags } = called.optsWithGlobals<{ output?: string }>();
      const text = prometheusYaml(flags);
      if (output === undefined) process.stdout.write(text);
      else await write(output, text);
    });
}

function prometheusYaml(flags: Record<string, unknown>): string {
  const sources = settingsSources(flags);
  if (sources.configFile === undefined)
    throw new UserError('no configuration: name the portal.toml with --config FILE');
  const config = renderPrometheusConfig(readPrometheusPlan(sources));
  return `# Made from portal.toml by stackmeter portal prometheus-config. Change portal.toml, then run the command again.\n${stringify(config, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** Writes in place: a container of Prometheus may have the file mounted, and would not see a new file of that name. */
async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new UserError(`cannot write ${file}: ${describeError(error)}`, { cause: error });
  }
}
