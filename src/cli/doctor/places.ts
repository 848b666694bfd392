import { readTomlFile } from '../../runtime/files/toml-file.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import type { SettingsSources } from '../../runtime/settings/settings.ts';
import { UserError } from '../../runtime/user-error.ts';
import { configurationKind } from '../check/configuration-kind.ts';

type Role = 'exporter' | 'gate' | 'portal';
const ROLES: readonly Role[] = ['exporter', 'gate', 'portal'];

type Environment = SettingsSources['env'];

/** The settings of each role that this machine has. */
export type Places = Partial<Record<Role, SettingsSources | undefined>>;

/** Files and flags of docs/installation-systemd.md. */
const SYSTEMD: Record<Role, { file: string; flags: Record<string, string>; env: string; config?: string }> = {
  exporter: {
    file: '/etc/stackmeter/usage-openrc',
    flags: { openrc: '/etc/stackmeter/usage-openrc' },
    env: '/etc/stackmeter/exporter.env',
  },
  gate: {
    file: '/etc/stackmeter/gate/tokens',
    flags: {
      tokenFile: '/etc/stackmeter/gate/tokens',
      tlsCert: '/etc/stackmeter/gate/site.pem',
      tlsKey: '/etc/stackmeter/gate/site.key',
    },
    env: '/etc/stackmeter/gate.env',
  },
  portal: {
    file: '/etc/stackmeter/portal/portal.toml',
    config: '/etc/stackmeter/portal/portal.toml',
    flags: { data: '/var/lib/stackmeter-portal' },
    env: '/etc/stackmeter/portal.env',
  },
};

/** Variables that only one role reads: they show that the role runs in this environment. */
const VARIABLES: Record<Role, readonly string[]> = {
  exporter: ['OS_AUTH_URL', 'OS_CLOUD'],
  gate: ['STACKMETER_TOKEN_FILE', 'PORTAL_AUTH_TOKEN'],
  portal: [],
};

interface Machine {
  env: Environment;
  exists: (path: string) => boolean;
}

/**
 * Finds the settings of each role: in the named files, or else in the present folder, in the environment, or where the
 * units of systemd have them. Throws `UserError` for a file of another kind.
 */
export function findPlaces(files: readonly string[], { env, exists }: Machine): Places {
  if (files.length > 0)
    return Object.fromEntries(files.map((file) => [roleOf(file), { flags: {}, env, configFile: file }]));
  return Object.fromEntries(
    ROLES.flatMap((role) => {
      const place = placeOf(role, { env, exists });
      return place === undefined ? [] : [[role, place]];
    }),
  );
}

function roleOf(file: string): Role {
  const kind = configurationKind(readTomlFile(file), file);
  const role = ROLES.find((known) => known === kind);
  if (role === undefined) throw new UserError(`${file}: is no configuration of an exporter, gate or portal`);
  return role;
}

function placeOf(role: Role, { env, exists }: Machine): SettingsSources | undefined {
  const file = `${role}.toml`;
  if (exists(file)) return { flags: {}, env, configFile: file };
  if (VARIABLES[role].some((name) => env[name] !== undefined)) return { flags: {}, env };
  const { file: installed, flags, config, env: envFile } = SYSTEMD[role];
  if (!exists(installed)) return undefined;
  const own = exists(envFile) ? parseEnvironment(readTextFile(envFile)) : {};
  return { flags, env: { ...env, ...own }, configFile: config };
}

/** The lines `NAME=value` of an environment file of systemd. */
export function parseEnvironment(text: string): Environment {
  const lines = text.split('\n').map((line) => /^\s*([A-Za-z_]\w*)=(.*?)\s*$/.exec(line));
  return Object.fromEntries(
    lines.flatMap((match) =>
      match === null ? [] : [[match[1] ?? '', (match[2] ?? '').replace(/^(["'])(.*)\1$/, '$2')]],
    ),
  );
}
