import { UserError } from '../../runtime/user-error.ts';

/** Something in Keystone that is named by its id, or by its name within a domain. */
type NameOrId = { id: string } | { name: string };
type InDomain = { id: string } | { name: string; domain: NameOrId };

export type Identity =
  | { method: 'password'; user: InDomain; password: string; project: InDomain }
  | { method: 'application_credential'; id: string; secret: string }
  | { method: 'application_credential'; name: string; user: InDomain; secret: string };

export interface Credentials {
  /** Of Keystone, ending in `/v3`. */
  authUrl: URL;
  identity: Identity;
  region: string | undefined;
  interface: 'public' | 'internal' | 'admin';
  /** A file of certificates of authorities, PEM. */
  caFile: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Credentials from `OS_*` variables, by the names of the OpenStack clients (keystoneauth).
 * @param where what the variables come from, for messages: `the environment`, or a file.
 */
export function readCredentials(env: Environment, where = 'the environment'): Credentials {
  const read = reader(env, where);
  return {
    authUrl: versionedAuthUrl(read.required('OS_AUTH_URL', 'the address of Keystone')),
    identity: readIdentity(read),
    region: read.optional('OS_REGION_NAME'),
    interface: readInterface(read),
    caFile: read.optional('OS_CACERT'),
  };
}

interface Reader {
  optional(...names: string[]): string | undefined;
  required(name: string, meaning: string, ...otherNames: string[]): string;
}

function reader(env: Environment, where: string): Reader {
  const optional = (...names: string[]) => names.map((name) => env[name]).find((value) => value);
  return {
    optional,
    required: (name, meaning, ...otherNames) => {
      const value = optional(name, ...otherNames);
      if (value !== undefined) return value;
      throw new UserError(
        `${name} is not set (${meaning}): ${where} has none; source an openrc or name one with --openrc FILE`,
      );
    },
  };
}

function readIdentity(read: Reader): Identity {
  const id = read.optional('OS_APPLICATION_CREDENTIAL_ID');
  const name = read.optional('OS_APPLICATION_CREDENTIAL_NAME');
  const named =
    read.optional('OS_AUTH_TYPE') === 'v3applicationcredential' || id !== undefined || name !== undefined;
  return named ? readApplicationCredential(read, id, name) : readPassword(read);
}

function readApplicationCredential(read: Reader, id?: string, name?: string): Identity {
  const secret = read.required(
    'OS_APPLICATION_CREDENTIAL_SECRET',
    'the secret of the application credential',
  );
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
    password: read.required('OS_PASSWORD', "the user's password"),
    project: readProject(read),
  };
}

function readUser(read: Reader): InDomain {
  const id = read.optional('OS_USER_ID');
  if (id !== undefined) return { id };
  return { name: read.required('OS_USERNAME', 'the user', 'OS_USER_NAME'), domain: readDomain(read, 'USER') };
}

/** `OS_TENANT_…` are the names of Keystone v2, which many an openrc still has. */
function readProject(read: Reader): InDomain {
  const id = read.optional('OS_PROJECT_ID', 'OS_TENANT_ID');
  if (id !== undefined) return { id };
  const name = read.required('OS_PROJECT_NAME', 'the project to sign in to', 'OS_TENANT_NAME');
  return { name, domain: readDomain(read, 'PROJECT') };
}

function readDomain(read: Reader, of: 'USER' | 'PROJECT'): NameOrId {
  const id = read.optional(`OS_${of}_DOMAIN_ID`);
  if (id !== undefined) return { id };
  const name = read.optional(`OS_${of}_DOMAIN_NAME`);
  if (name !== undefined) return { name };
  const defaultName = read.optional('OS_DEFAULT_DOMAIN_NAME', 'OS_DEFAULT_DOMAIN');
  if (defaultName !== undefined) return { name: defaultName };
  return { id: read.optional('OS_DEFAULT_DOMAIN_ID') ?? 'default' };
}

/** `publicURL` is how Keystone v2 called the public interface. */
function readInterface(read: Reader): Credentials['interface'] {
  const text = read.optional('OS_INTERFACE', 'OS_ENDPOINT_TYPE') ?? 'public';
  const known = (['public', 'internal', 'admin'] as const).find(
    (name) => text === name || text === `${name}URL`,
  );
  if (known !== undefined) return known;
  throw new UserError(`OS_INTERFACE: '${text}' is none of public, internal, admin`);
}

/** `http://host:5000`, `…/v3` and `…/identity/` all name the same Keystone. */
function versionedAuthUrl(text: string): URL {
  if (!URL.canParse(text) || !/^https?:/i.test(text))
    throw new UserError(
      `OS_AUTH_URL: '${text}' is not an http or https address, such as https://keystone:5000/v3`,
    );
  const url = new URL(text);
  url.search = '';
  url.hash = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/v\d[^/]*$/, '')}/v3`;
  return url;
}
