import { readFileSync } from 'node:fs';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { loadCloud } from './clouds-yaml.ts';
import { readCredentials, type Credentials, type Environment } from './credentials.ts';
import { parseOpenrc } from './openrc-file.ts';

/** What an openrc for a shell asks for, and a file does not hold: taken from the environment. */
const SECRETS = [
  'OS_PASSWORD',
  'OS_PASSWORD_FILE',
  'OS_APPLICATION_CREDENTIAL_SECRET',
  'OS_APPLICATION_CREDENTIAL_SECRET_FILE',
];

/**
 * Credentials from the cloud of clouds.yaml that is named, or from an openrc that is named, else from the environment,
 * where `OS_CLOUD` may name a cloud. A file stands alone: only the secrets that it leaves out come from the environment,
 * so that two clouds are never mixed.
 */
export function loadCredentials(
  env: Environment,
  openrcFile: string | undefined,
  osCloud?: string,
): Credentials {
  if (openrcFile !== undefined && osCloud !== undefined)
    throw new UserError('--openrc and --os-cloud both name credentials; leave one out');
  const cloud = osCloud ?? (openrcFile === undefined ? env['OS_CLOUD'] : undefined);
  if (cloud) return loadCloud(cloud, env, secretsOf(env));
  return openrcFile === undefined ? readCredentials(env) : loadOpenrc(openrcFile, env);
}

function loadOpenrc(file: string, env: Environment): Credentials {
  const { variables, asked } = parseOpenrc(readFile(file), file);
  const all = { ...secretsOf(env), ...variables };
  for (const [name, where] of Object.entries(asked)) {
    if (all[name] || all[`${name}_FILE`]) continue;
    throw new UserError(
      `${where}: ${name} is what a shell asks a person for: set ${name} or ${name}_FILE in the environment`,
    );
  }
  return readCredentials(all, file);
}

function secretsOf(env: Environment): Environment {
  return Object.fromEntries(SECRETS.map((name) => [name, env[name]]));
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`--openrc: cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
