import { readFileSync } from 'node:fs';
import { describeError, UserError } from '../../runtime/user-error.ts';
import { loadCloud } from './clouds-yaml.ts';
import { readCredentials, type Credentials, type Environment } from './credentials.ts';

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
  if (openrcFile === undefined) return readCredentials(env);
  return readCredentials({ ...secretsOf(env), ...parseOpenrc(readFile(openrcFile)) }, openrcFile);
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

/**
 * The `OS_*` lines of an openrc: `KEY=value`, with or without `export` and quotes. Lines of shell are passed over, and
 * so is a value that is only another variable (`$OS_PASSWORD_INPUT`).
 */
export function parseOpenrc(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?(OS_[A-Z0-9_]+)=(.*)$/.exec(line);
    const value = match?.[2] === undefined ? undefined : unquote(match[2].trim());
    if (match?.[1] !== undefined && value !== undefined) found[match[1]] = value;
  }
  return found;
}

function unquote(text: string): string | undefined {
  const single = /^'([^']*)'(\s+#.*)?$/.exec(text);
  if (single) return single[1];
  const double = /^"((?:[^"\\]|\\.)*)"(\s+#.*)?$/.exec(text);
  const value = double?.[1]?.replaceAll(/\\(["\\$`])/g, '$1') ?? text.replace(/(^|\s+)#.*$/, '');
  return /^\$\{?\w+\}?$/.test(value) ? undefined : value;
}
