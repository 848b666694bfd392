import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { systemClock } from '../../runtime/clock.ts';
import { shownUrl } from '../../runtime/http/shown-url.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { examine, type Addresses } from './examine.ts';
import { conclusionOf, isWell, linesOf } from './finding.ts';
import { findPlaces, type Places } from './places.ts';

interface DoctorFlags extends Addresses {
  config?: string[];
  openrc?: string;
  osCloud?: string;
  data?: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'looks at each link from OpenStack to the portal, says which is not well and what to do; exits 1 if one is not',
    )
    .option(
      '--config <FILE...>',
      'configuration of an exporter, gate or portal (default: what this folder or machine has)',
    )
    .option('--openrc <FILE>', 'credentials of the exporter')
    .option('--os-cloud <NAME>', 'credentials of the exporter: a cloud of clouds.yaml')
    .option('--exporter <URL>', 'address of the exporter', urlOf)
    .option('--prometheus <URL>', "address of the site's Prometheus", urlOf)
    .option('--gate <URL>', 'address of the gate', urlOf)
    .option(
      '--portal <URL>',
      'address of a portal elsewhere; STACKMETER_PORTAL_TOKEN has a token of its API',
      urlOf,
    )
    .option('--data <DIR>', "data folder of this machine's portal")
    .action(async (flags: DoctorFlags) => {
      const { env } = process;
      const found = findPlaces(flags.config ?? namedBy(env), { env, exists: existsSync });
      const findings = await examine(withFlags(found, flags, env), {
        addresses: flags,
        portalToken: env['STACKMETER_PORTAL_TOKEN'],
        clock: systemClock,
      });
      process.stdout.write(`${[...linesOf(findings), '', conclusionOf(findings)].join('\n')}\n`);
      if (!isWell(findings)) process.exitCode = 1;
    });
}

/** The file of STACKMETER_CONFIG, as every role reads it. */
function namedBy({ STACKMETER_CONFIG: file }: NodeJS.ProcessEnv): string[] {
  return file === undefined ? [] : [file];
}

function withFlags(places: Places, { openrc, osCloud, data }: DoctorFlags, env: NodeJS.ProcessEnv): Places {
  const isNamed = openrc !== undefined || osCloud !== undefined;
  const exporter = places.exporter ?? (isNamed ? { flags: {}, env } : undefined);
  return {
    ...places,
    exporter: exporter && withMore(exporter, { openrc, osCloud }),
    portal: places.portal && withMore(places.portal, { data }),
  };
}

function withMore(sources: SettingsSources, flags: Record<string, string | undefined>): SettingsSources {
  const named = Object.entries(flags).filter(([, value]) => value !== undefined);
  return { ...sources, flags: { ...sources.flags, ...Object.fromEntries(named) } };
}

/** An address without a slash at its end. */
function urlOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new UserError(`'${shownUrl(text)}' is not a URL such as http://127.0.0.1:8080`);
  const { username, password } = new URL(text);
  if (username + password !== '')
    throw new UserError(
      `'${shownUrl(text)}' contains a user name or a password: remove it, because findings show addresses`,
    );
  return text.replace(/\/+$/, '');
}
