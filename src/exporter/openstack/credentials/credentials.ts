import { readFileSync } from 'node:fs';
import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import { readEndpointOverrides, SERVICE_VARIABLES, type EndpointOverrides } from './endpoint-overrides.ts';
import type { Service } from './services.ts';

/** An object in Keystone, by its id or by its name. */
type NameOrId = { id: string } | { name: string };
type InDomain = { id: string } | { name: string; domain: NameOrId };

export type Identity =
  /** With `project` undefined, the sign-in is to the whole system (OS_SYSTEM_SCOPE=all). */
  | { method: 'password'; user: InDomain; password: string; project: InDomain | undefined }
  | { method: 'application_credential'; id: string; secret: string }
  | { method: 'application_credential'; name: string; user: InDomain; secret: string };

type Interface = 'public' | 'internal' | 'admin';

export interface Credentials {
  /** Address of Keystone, ending in `/v3`. */
  authUrl: URL;
  identity: Identity;
  region: string | undefined;
  /** In order of preference: the first interface that a service has is used. */
  interfaces: readonly Interface[];
  /** The settings that differ for one service. They replace `region` and `interfaces` above. */
  choices: Partial<Record<Service, { region?: string; interfaces?: readonly Interface[] }>>;
  /** A file with the certificates of the authorities to trust, in PEM. */
  caFile: string | undefined;
  /** Files with this client's own certificate and key, in PEM. */
  clientCertificate: { certFile: string; keyFile: string } | undefined;
  /** True if servers' certificates are not verified. Then anyone on the network path can read the password. */
  insecure: boolean;
  endpoints: EndpointOverrides;
}

/** Whether these credentials sign in to the whole system, and not to a project. */
export function isOfSystem({ identity }: Credentials): boolean {
  return identity.method === 'password' && identity.project === undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the variables come from, for messages. */
export interface CredentialsOrigin {
  /** `the environment`, or a file. */
  where: string;
  /** What this source calls an `OS_…` variable: in clouds.yaml, `OS_AUTH_URL` is `auth.auth_url`. */
  nameOf: (name: string) => string;
  /** What to do if a variable is missing. */
  advice: string;
}

function variablesOf(where: string): CredentialsOrigin {
  const advice =
    'source an openrc, name one with --openrc FILE, or a cloud of clouds.yaml with --os-cloud NAME';
  return { where, nameOf: (name) => name, advice };
}

/**
 * Credentials from `OS_*` variables, with the names of the OpenStack clients (keystoneauth). Secrets may be in files of their own:
 * `OS_PASSWORD_FILE`, `OS_APPLICATION_CREDENTIAL_SECRET_FILE`.
 */
export function readCredentials(
  env: Environment,
  origin: string | CredentialsOrigin = 'the environment',
): Credentials {
  const read = reader(env, typeof origin === 'string' ? variablesOf(origin) : origin);
  return {
    authUrl: versionedAuthUrl(
      read.required('OS_AUTH_URL', 'the address of Keystone'),
      read.nameOf('OS_AUTH_URL'),
    ),
    identity: readIdentity(read),
    region: read.optional('OS_REGION_NAME'),
    interfaces: readInterfaces(read, 'OS_INTERFACE', 'OS_ENDPOINT_TYPE') ?? ['public'],
    choices: readChoices(read),
    caFile: read.optional('OS_CACERT'),
    clientCertificate: readClientCertificate(read),
    insecure: readInsecure(read),
    endpoints: readEndpointOverrides(read.optional, read.nameOf),
  };
}

interface Reader {
  nameOf: (name: string) => string;
  /** The value of the variable, or else the content of the file that the variable `…_FILE` names. */
  secret(name: string, meaning: string): string;
  optional: (...names: string[]) => string | undefined;
  required(name: string, meaning: string, ...otherNames: string[]): string;
}

function reader(env: Environment, { where, nameOf, advice }: CredentialsOrigin): Reader {
  const optional = (...names: string[]) => names.map((name) => env[name]).find((value) => value);
  const required: Reader['required'] = (name, meaning, ...otherNames) => {
    const value = optional(name, ...otherNames);
    if (value !== undefined) return value;
    throw new UserError(`${nameOf(name)} is not set in ${where} (${meaning}): ${advice}`);
  };
  const secret: Reader['secret'] = (name, meaning) => {
    const file = optional(name) === undefined ? optional(`${name}_FILE`) : undefined;
    return file === undefined ? required(name, meaning) : readSecretFile(nameOf(`${name}_FILE`), file);
  };
  return { nameOf, optional, required, secret };
}

/**
 * Reads a secret from a file, without the byte order mark at the start and one line end at the end: editors add them, and
 * they are not part of the secret. Throws `UserError`.
 */
function readSecretFile(name: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`${name}: cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  const secret = text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
  if (secret === '') throw new UserError(`${name}: ${path} is empty`);
  return secret;
}

const INTERFACES: readonly Interface[] = ['public', 'internal', 'admin'];

const AUTH_TYPES = new Set(['password', 'v3password', 'v3applicationcredential']);

/**
 * The id or the name of an application credential wins over a user's password, even with `OS_AUTH_TYPE=password`. Throws
 * `UserError`.
 */
function readIdentity(read: Reader): Identity {
  const id = read.optional('OS_APPLICATION_CREDENTIAL_ID');
  const name = read.optional('OS_APPLICATION_CREDENTIAL_NAME');
  const type = read.optional('OS_AUTH_TYPE');
  if (type !== undefined && !AUTH_TYPES.has(type))
    throw new UserError(
      `${read.nameOf('OS_AUTH_TYPE')}: '${type}' is unknown; stackmeter signs in by ${[...AUTH_TYPES].join(', ')}`,
    );
  const usesApplicationCredential =
    type === 'v3applicationcredential' || id !== undefined || name !== undefined;
  return usesApplicationCredential ? readApplicationCredential(read, id, name) : readPassword(read);
}

function readApplicationCredential(read: Reader, id?: string, name?: string): Identity {
  const secret = read.secret('OS_APPLICATION_CREDENTIAL_SECRET', 'the secret of the application credential');
  if (id !== undefined || name === undefined) {
    const known = id ?? read.required('OS_APPLICATION_CREDENTIAL_ID', 'the id of the application credential');
    return { method: 'application_credential', id: known, secret };
  }
  return { method: 'application_credential', name, user: readUser(read), secret };
}

function readPassword(read: Reader): Identity {
  return {
    method: 'password',
    user: readUser(read),
    password: read.secret('OS_PASSWORD', "the user's password"),
    project: isSystemScoped(read) ? undefined : readProject(read),
  };
}

const PROJECT_VARIABLES = ['OS_PROJECT_ID', 'OS_PROJECT_NAME', 'OS_TENANT_ID', 'OS_TENANT_NAME'];

/**
 * Whether the variables ask for a sign-in to the whole system. Such a token has no project: throws `UserError` if a project
 * is set, too.
 */
function isSystemScoped(read: Reader): boolean {
  const scope = read.optional('OS_SYSTEM_SCOPE');
  if (scope === undefined) return false;
  const name = read.nameOf('OS_SYSTEM_SCOPE');
  if (scope !== 'all') throw new UserError(`${name}: '${scope}' is not 'all', the only system scope`);
  const project = PROJECT_VARIABLES.find((one) => read.optional(one) !== undefined);
  if (project === undefined) return true;
  throw new UserError(`${name} and ${read.nameOf(project)} cannot both be set: remove one`);
}

function readUser(read: Reader): InDomain {
  const id = read.optional('OS_USER_ID');
  if (id !== undefined) return { id };
  return { name: read.required('OS_USERNAME', 'the user', 'OS_USER_NAME'), domain: readDomain(read, 'USER') };
}

/** `OS_TENANT_…` are the names of Keystone v2, which some openrc files still have. */
function readProject(read: Reader): InDomain {
  const id = read.optional('OS_PROJECT_ID', 'OS_TENANT_ID');
  if (id !== undefined) return { id };
  const name = read.required('OS_PROJECT_NAME', 'the project to sign in to', 'OS_TENANT_NAME');
  return { name, domain: readDomain(read, 'PROJECT') };
}

/**
 * The domain of the user or of the project. The first variable that is set counts: `OS_USER_DOMAIN_ID`, `OS_DOMAIN_ID` (for
 * user and project), then the two names, then the defaults. `OS_DEFAULT_DOMAIN_NAME` and `OS_DEFAULT_DOMAIN_ID` come from
 * keystoneauth, and `OS_DEFAULT_DOMAIN`, which is an id, from the `openstack` command.
 */
function readDomain(read: Reader, of: 'USER' | 'PROJECT'): NameOrId {
  const id = read.optional(`OS_${of}_DOMAIN_ID`, 'OS_DOMAIN_ID');
  if (id !== undefined) return { id };
  const name = read.optional(`OS_${of}_DOMAIN_NAME`, 'OS_DOMAIN_NAME');
  if (name !== undefined) return { name };
  const defaultName = read.optional('OS_DEFAULT_DOMAIN_NAME');
  if (defaultName !== undefined) return { name: defaultName };
  return { id: read.optional('OS_DEFAULT_DOMAIN_ID', 'OS_DEFAULT_DOMAIN') ?? 'default' };
}

/**
 * One or several interfaces, separated by commas. Keystone v2 calls them `publicURL`, `internalURL` and `adminURL`: these
 * names mean the same. Throws `UserError`.
 */
function readInterfaces(read: Reader, ...names: readonly string[]): Interface[] | undefined {
  const variable = names.find((name) => read.optional(name) !== undefined);
  if (variable === undefined) return undefined;
  return read
    .required(variable, 'the interface')
    .split(',')
    .map((part) => {
      const text = part.trim();
      const known = INTERFACES.find((name) => text === name || text === `${name}URL`);
      if (known !== undefined) return known;
      throw new UserError(`${read.nameOf(variable)}: '${text}' is none of ${INTERFACES.join(', ')}`);
    });
}

/** Reads `OS_COMPUTE_INTERFACE`, `OS_NETWORK_REGION_NAME` and the like. */
function readChoices(read: Reader): Credentials['choices'] {
  const choices: Credentials['choices'] = {};
  for (const [service, names] of Object.entries(SERVICE_VARIABLES)) {
    const variables = names.flatMap((name) => [`OS_${name}_INTERFACE`, `OS_${name}_ENDPOINT_TYPE`]);
    const interfaces = readInterfaces(read, ...variables);
    const region = read.optional(...names.map((name) => `OS_${name}_REGION_NAME`));
    if (interfaces === undefined && region === undefined) continue;
    choices[service as Service] = {
      ...(interfaces === undefined ? {} : { interfaces }),
      ...(region === undefined ? {} : { region }),
    };
  }
  return choices;
}

function readInsecure(read: Reader): boolean {
  const text = read.optional('OS_INSECURE') ?? 'false';
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new UserError(`${read.nameOf('OS_INSECURE')}: '${text}' is neither true nor false`);
}

/** Without `OS_KEY`, the file of the certificate also has the key. */
function readClientCertificate(read: Reader): Credentials['clientCertificate'] {
  const certFile = read.optional('OS_CERT');
  if (certFile === undefined) return undefined;
  return { certFile, keyFile: read.optional('OS_KEY') ?? certFile };
}

/**
 * The address of Keystone v3. `http://host:5000` and `…/identity/` get `/v3` at the end, and another version is replaced:
 * old openrc files name `/v2.0`, which Keystone no longer has. Throws `UserError`.
 */
function versionedAuthUrl(text: string, name: string): URL {
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new UserError(
      `${name}: '${shownUrl(text)}' is not an http or https address, such as https://keystone:5000/v3`,
    );
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw new UserError(
      `${name}: '${shownUrl(text)}' contains a user name or a password: remove it from the address`,
    );
  url.search = '';
  url.hash = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/v\d[^/]*$/, '')}/v3`;
  return url;
}
