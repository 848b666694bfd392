import { readFileSync } from 'node:fs';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import { loadCloud } from './clouds-yaml.ts';
import { readCredentials, type Credentials, type Environment } from './credentials.ts';
import { parseOpenrc } from './openrc-file.ts';

/** Secrets that an openrc prompts for. They come from the environment. */
const SECRETS = [
  'OS_PASSWORD',
  'OS_PASSWORD_FILE',
  'OS_APPLICATION_CREDENTIAL_SECRET',
  'OS_APPLICATION_CREDENTIAL_SECRET_FILE',
];

/** Variables of the environment that win over clouds.yaml, such as the region, as in the OpenStack client. */
const CHOICES = ['OS_REGION_NAME', 'OS_INTERFACE', 'OS_CACERT'];

/**
 * Credentials from the named cloud of clouds.yaml, or from the named openrc, else from the environment, where `OS_CLOUD` may name
 * a cloud. A file is not mixed with the environment, so that two clouds are never mixed. Only missing secrets come from the
 * environment and, with clouds.yaml, choices such as the region.
 */
export function loadCredentials(
  env: Environment,
  openrcFile: string | undefined,
  osCloud?: string,
): Credentials {
  if (openrcFile !== undefined && osCloud !== undefined)
    throw new UserError('--openrc and --os-cloud both name credentials; leave one out');
  const cloud = osCloud ?? (openrcFile === undefined ? env['OS_CLOUD'] : undefined);
  if (cloud) return loadCloud(cloud, env, { secrets: chosen(env, SECRETS), choices: chosen(env, CHOICES) });
  return openrcFile === undefined ? readCredentials(env) : loadOpenrc(openrcFile, env);
}

function loadOpenrc(file: string, env: Environment): Credentials {
  const { variables, asked } = parseOpenrc(readFile(file), file);
  const all = { ...chosen(env, SECRETS), ...chosen(env, CHOICES), ...variables };
  for (const [name, where] of Object.entries(asked)) {
    if (all[name] || all[`${name}_FILE`]) continue;
    throw new UserError(
      `${where}: ${name} is a prompt of the shell: set ${name} or ${name}_FILE in the environment`,
    );
  }
  return readCredentials(all, file);
}

/** The variables that are set. */
function chosen(env: Environment, names: readonly string[]): Environment {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`--openrc: cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
