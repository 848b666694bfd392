import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import { cloudSettings, isTable, mergeTables, type Table } from './cloud-settings.ts';
import { cloudVariables } from './cloud-variables.ts';
import { readCredentials, type Credentials, type Environment } from './credentials.ts';
import { parseSdkYaml } from './sdk-yaml.ts';

/**
 * The credentials of a cloud in `clouds.yaml`, with those in `secure.yaml`, and the defaults of its `profile` in
 * `clouds-public.yaml`. `secrets` are values that the files may leave out. `choices` win over the files, as in the OpenStack
 * client. Throws `UserError` for a missing cloud or file.
 */
export function loadCloud(
  name: string,
  env: Environment,
  { secrets, choices }: { secrets: Environment; choices: Environment },
): Credentials {
  const file = findFile('clouds', env['OS_CLIENT_CONFIG_FILE'], env);
  if (file === undefined)
    throw new UserError(
      `OS_CLOUD is '${name}', but there is no clouds.yaml in ${searchFolders(env).join(', ')}; OS_CLIENT_CONFIG_FILE names one elsewhere`,
    );
  const clouds = mergeTables(section(readYaml(file), 'clouds', file), secureClouds(env));
  const cloud = clouds[name];
  if (!isTable(cloud))
    throw new UserError(`${file} has no cloud '${name}'; it has ${Object.keys(clouds).join(', ') || 'none'}`);
  const settings = cloudSettings(profileOf(cloud, env), cloud, choices['OS_REGION_NAME']);
  const origin = { file, name, acceptsInsecure: acceptsInsecure(env) };
  return readCredentials(
    { ...secrets, ...cloudVariables(settings, origin), ...choices },
    {
      where: `cloud '${name}' of ${file}`,
      nameOf: keyName,
      advice: 'add it there, or a secret to secure.yaml beside it',
    },
  );
}

/** The names of the clouds in `clouds.yaml`; none without the file. Throws `UserError` for a file that cannot be read. */
export function cloudNames(env: Environment): string[] {
  const file = findFile('clouds', env['OS_CLIENT_CONFIG_FILE'], env);
  return file === undefined ? [] : Object.keys(section(readYaml(file), 'clouds', file));
}

function acceptsInsecure(env: Environment): boolean {
  return /^(1|true|yes|on)$/i.test(env['OS_INSECURE'] ?? '');
}

/** The folders in the order of the OpenStack SDK: the current one, then the user's, then the machine's. */
function searchFolders(env: Environment): string[] {
  const home = env['HOME'] || homedir();
  const configHome = env['XDG_CONFIG_HOME'] || join(home, '.config');
  return [
    ...new Set([process.cwd(), join(configHome, 'openstack'), join(home, '.config/openstack')]),
    '/etc/openstack',
  ];
}

function findFile(stem: string, named: string | undefined, env: Environment): string | undefined {
  if (named) return named;
  const names = [`${stem}.yaml`, `${stem}.yml`, `${stem}.json`];
  const candidates = searchFolders(env).flatMap((folder) => names.map((name) => join(folder, name)));
  return candidates.find((path) => existsSync(path));
}

function secureClouds(env: Environment): Table {
  const file = findFile('secure', env['OS_CLIENT_SECURE_FILE'], env);
  return file === undefined ? {} : section(readYaml(file), 'clouds', file);
}

/**
 * A vendor's settings for all its clouds. A missing profile may be one of the SDK's own profiles, which stackmeter does not have:
 * then the cloud itself has to name Keystone.
 */
function profileOf(cloud: Table, env: Environment): Table {
  const profile = cloud['profile'] ?? cloud['cloud'];
  if (typeof profile !== 'string') return {};
  const file = findFile('clouds-public', env['OS_CLIENT_VENDOR_FILE'], env);
  const found = file === undefined ? undefined : section(readYaml(file), 'public-clouds', file)[profile];
  if (isTable(found)) return found;
  if (namesKeystone(cloud)) return {};
  throw new UserError(
    `profile '${profile}' is in no clouds-public.yaml here; write its auth_url and the rest into clouds.yaml instead`,
  );
}

function namesKeystone({ auth, ...rest }: Table): boolean {
  return [rest, auth].some(
    (table) => isTable(table) && (table['auth_url'] ?? table['auth-url']) !== undefined,
  );
}

function section(file: unknown, name: string, path: string): Table {
  const found = isTable(file) ? file[name] : undefined;
  if (isTable(found)) return found;
  throw new UserError(`${path} has no '${name}:'`);
}

function readYaml(path: string): unknown {
  try {
    return parseSdkYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    // The rest of the parser's message quotes the file, perhaps with a password.
    const [reason] = describeError(error).split(/:? *\n|, column/);
    throw new UserError(`cannot read ${path}: ${reason?.slice(0, 120)}`);
  }
}

/** `OS_AUTH_URL` → `auth.auth_url` */
function keyName(name: string): string {
  const key = name.replace(/^OS_/, '').toLowerCase();
  return /^(region_name|interface|endpoint_type|cacert|cert|key|auth_type|insecure|.*_endpoint_override)$/.test(
    key,
  )
    ? key
    : `auth.${key}`;
}
