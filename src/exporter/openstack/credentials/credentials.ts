import { readFileSync } from 'node:fs';
import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import { readEndpointOverrides, SERVICE_VARIABLES, type EndpointOverrides } from './endpoint-overrides.ts';
import type { Service } from './services.ts';

/** An object in Keystone, by its id or by its name. */
type NameOrId = { id: string } | { name: string };
type InDomain = { id: string } | { name: string; domain: NameOrId };

export type Identity =
  /** Without a project, the sign-in is to the whole system. */
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
  /** Region and interfaces of one service only. */
  choices: Partial<Record<Service, { region?: string; interfaces?: readonly Interface[] }>>;
  /** A file with certificates of authorities, PEM. */
  caFile: string | undefined;
  /** Files with this client's own certificate and key, PEM. */
  clientCertificate: { certFile: string; keyFile: string } | undefined;
  /** Certificates of servers are not verified: anyone on the network path can read the password. */
  insecure: boolean;
  endpoints: EndpointOverrides;
}

/** True if a sign-in is to the whole system, and not to a project. */
export function isOfSystem({ identity }: Credentials): boolean {
  return identity.method === 'password' && identity.project === undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The origin of the variables, for messages. */
export interface CredentialsOrigin {
  /** `the environment`, or a file. */
  where: string;
  /** The name of an `OS_…` variable there. */
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
  /** A secret, or the content of the file that `…_FILE` names. */
  secret(name: string, meaning: string): string;
  optional: (...names: string[]) => string | undefined;
  required(name: string, meaning: string, ...otherNames: string[]): string;
}

function reader(env: Environment, { where, nameOf, advice }: CredentialsOrigin): Reader {
  const optional = (...names: string[]) => names.map((name) => env[name]).find((value) => value);
  const required: Reader['required'] = (name, meaning, ...otherNames) => {
    const value = optional(name, ...otherNames);
    if (value !== undefined) return value;
    throw new UserError(`${nameOf(name)} is not set (${meaning}): ${where} has none; ${advice}`);
  };
  const secret: Reader['secret'] = (name, meaning) => {
    const file = optional(name) === undefined ? optional(`${name}_FILE`) : undefined;
    return file === undefined ? required(name, meaning) : readSecretFile(nameOf(`${name}_FILE`), file);
  };
  return { nameOf, optional, required, secret };
}

/** Reads a secret. The line end and the byte order mark of an editor are not part of it. Throws `UserError`. */
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

function readIdentity(read: Reader): Identity {
  const id = read.optional('OS_APPLICATION_CREDENTIAL_ID');
  const name = read.optional('OS_APPLICATION_CREDENTIAL_NAME');
  const type = read.optional('OS_AUTH_TYPE');
  if (type !== undefined && !AUTH_TYPES.has(type))
    throw new UserError(
      `${read.nameOf('OS_AUTH_TYPE')}: '${type}' is unknown; stackmeter signs in by ${[...AUTH_TYPES].join(', ')}`,
    );
  const named = type === 'v3applicationcredential' || id !== undefined || name !== undefined;
  return named ? readApplicationCredential(read, id, name) : readPassword(read);
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

/** A token for the whole system has no project. Throws `UserError`. */
function isSystemScoped(read: Reader): boolean {
  const scope = read.optional('OS_SYSTEM_SCOPE');
  if (scope === undefined) return false;
  const name = read.nameOf('OS_SYSTEM_SCOPE');
  if (scope !== 'all') throw new UserError(`${name}: '${scope}' is not 'all', the only system scope`);
  const project = ['OS_PROJECT_ID', 'OS_PROJECT_NAME'].find((one) => read.optional(one) !== undefined);
  if (project === undefined) return true;
  throw new UserError(`${name} and ${read.nameOf(project)} exclude one another: leave one of them out`);
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

/** The user and the project may share one domain variable. */
function readDomain(read: Reader, of: 'USER' | 'PROJECT'): NameOrId {
  const id = read.optional(`OS_${of}_DOMAIN_ID`, 'OS_DOMAIN_ID');
  if (id !== undefined) return { id };
  const name = read.optional(`OS_${of}_DOMAIN_NAME`, 'OS_DOMAIN_NAME');
  if (name !== undefined) return { name };
  const defaultName = read.optional('OS_DEFAULT_DOMAIN_NAME', 'OS_DEFAULT_DOMAIN');
  if (defaultName !== undefined) return { name: defaultName };
  return { id: read.optional('OS_DEFAULT_DOMAIN_ID') ?? 'default' };
}

/** One or several interfaces, with commas. `publicURL` is the name of the public interface in Keystone v2. */
function readInterfaces(read: Reader, ...names: [string, ...string[]]): Interface[] | undefined {
  return read
    .optional(...names)
    ?.split(',')
    .map((part) => {
      const text = part.trim();
      const known = INTERFACES.find((name) => text === name || text === `${name}URL`);
      if (known !== undefined) return known;
      throw new UserError(`${read.nameOf(names[0])}: '${text}' is none of ${INTERFACES.join(', ')}`);
    });
}

/** Reads `OS_COMPUTE_INTERFACE`, `OS_NETWORK_REGION_NAME` and the like. */
function readChoices(read: Reader): Credentials['choices'] {
  const choices: Credentials['choices'] = {};
  for (const [service, names] of Object.entries(SERVICE_VARIABLES)) {
    const variables = names.flatMap((name) => [`OS_${name}_INTERFACE`, `OS_${name}_ENDPOINT_TYPE`]);
    const interfaces = readInterfaces(read, variables[0] as string, ...variables);
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

/** One file may have both certificate and key. */
function readClientCertificate(read: Reader): Credentials['clientCertificate'] {
  const certFile = read.optional('OS_CERT');
  if (certFile === undefined) return undefined;
  return { certFile, keyFile: read.optional('OS_KEY') ?? certFile };
}

/** The address of Keystone v3 for `http://host:5000`, `…/v3` or `…/identity/`. Throws `UserError`. */
function versionedAuthUrl(text: string, name: string): URL {
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new UserError(
      `${name}: '${shownUrl(text)}' is not an http or https address, such as https://keystone:5000/v3`,
    );
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw new UserError(
      `${name}: '${shownUrl(text)}' has a user, and perhaps a password: leave them out, Keystone uses those of the credentials`,
    );
  url.search = '';
  url.hash = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/v\d[^/]*$/, '')}/v3`;
  return url;
}
