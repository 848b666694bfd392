import { readFileSync } from 'node:fs';
import { describeError, UserError } from '../../../runtime/user-error.ts';
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

/** What the environment says beside a file: it chooses the region of a cloud of clouds.yaml, as for the OpenStack client. */
const CHOICES = ['OS_REGION_NAME', 'OS_INTERFACE', 'OS_CACERT'];

/**
 * Credentials from the cloud of clouds.yaml that is named, or from an openrc that is named, else from the environment,
 * where `OS_CLOUD` may name a cloud. A file stands alone except for the secrets and choices that it leaves out, so that
 * two clouds are never mixed. Beside clouds.yaml the choices of the environment win.
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
      `${where}: ${name} is what a shell asks a person for: set ${name} or ${name}_FILE in the environment`,
    );
  }
  return readCredentials(all, file);
}

/** Those that are set. */
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
