/**
 * Sends a request to a cloud and returns the body of the answer. `/servers` is a path of Nova, `placement/traits` is a
 * path of the catalog's service of type `placement`, and a URL is used as it is.
 */
export type Call = <T>(method: string, path: string, body?: object | Buffer) => Promise<T>;

/** Sent only to its own service, because Cinder refuses a header that names other services. */
const versionHeader = (path: string): Record<string, string> => {
  if (path.startsWith('/')) return { 'OpenStack-API-Version': 'compute 2.53' };
  return path.startsWith('placement/') ? { 'OpenStack-API-Version': 'placement 1.30' } : {};
};

/** Signs the administrator in to the project of the credentials. */
export async function inAdminProject(environment: Record<string, string>): Promise<Call> {
  return await signedIn(environment, { name: environment['OS_PROJECT_NAME'], domain: { id: 'default' } });
}

/** Signs in with a password, and again after the token expires. */
export async function signedIn(environment: Record<string, string>, project: object): Promise<Call> {
  let token = await newToken(environment, project);
  const send = async (method: string, path: string, body?: object | Buffer) =>
    await fetch(addressOf(path, token), {
      method,
      headers: {
        ...versionHeader(path),
        'X-Auth-Token': token.id,
        ...(Buffer.isBuffer(body) ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
    });
  return async (method, path, body) => {
    let response = await send(method, path, body);
    if (response.status === 401) {
      token = await newToken(environment, project);
      response = await send(method, path, body);
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return /^[{[]/.test(text) ? JSON.parse(text) : undefined;
  };
}

/** The address of a service in the catalog. */
export async function serviceAddress(environment: Record<string, string>, type: string): Promise<string> {
  const project = { name: environment['OS_PROJECT_NAME'], domain: { id: 'default' } };
  return addressOf(type, await newToken(environment, project));
}

interface Token {
  id: string;
  catalog: { type: string; endpoints: { interface: string; url: string }[] }[];
}

async function newToken(environment: Record<string, string>, project: object): Promise<Token> {
  const user = {
    name: environment['OS_USERNAME'],
    password: environment['OS_PASSWORD'],
    domain: { name: environment['OS_USER_DOMAIN_NAME'] },
  };
  const identity = { methods: ['password'], password: { user } };
  const response = await fetch(`${environment['OS_AUTH_URL']}/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project } } }),
  });
  if (response.status !== 201) throw new Error(`Keystone answered ${response.status}`);
  const { token } = (await response.json()) as { token: Pick<Token, 'catalog'> };
  return { id: response.headers.get('X-Subject-Token') ?? '', catalog: token.catalog };
}

function addressOf(path: string, { catalog }: Token): string {
  if (/^https?:/.test(path)) return path;
  const [, type = '', rest = ''] = /^([^/]*)(.*)$/.exec(path) ?? [];
  const service = catalog.find((one) => one.type === (type || 'compute'));
  return `${service?.endpoints[0]?.url ?? ''}${rest}`;
}
