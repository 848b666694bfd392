import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { checkKeyPair, type KeyPair } from '../../../runtime/files/key-pair.ts';
import { readTextFile } from '../../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { proxyFor, type Proxies } from './proxies.ts';

/**
 * More than all readers use at the same time: services may share an address, and a hanging service must not delay
 * another.
 */
const CONNECTIONS = 16;

/** The connections of one exporter: direct ones, and those through proxies. */
export class ServiceConnections {
  readonly dispatcher: Dispatcher;
  readonly #connect: ReturnType<typeof connectOptions>;
  readonly #agents = new Map<string, Dispatcher>();

  /** Uses the certificates that the credentials name. Throws `UserError` for a file that cannot be used. */
  constructor(credentials: Credentials, proxies: Proxies) {
    this.#connect = connectOptions(credentials);
    const direct = new Agent({ connections: CONNECTIONS, connect: this.#connect });
    this.#agents.set('', direct);
    this.dispatcher = direct.compose((dispatch) => (options, handler) => {
      const proxy = proxyFor(new URL(options.origin ?? ''), proxies);
      return proxy === undefined
        ? dispatch(options, handler)
        : this.#through(proxy).dispatch(options, handler);
    });
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(async (agent) => await agent.destroy()));
  }

  #through({ href }: URL): Dispatcher {
    // Requests in plain HTTP go to the proxy without a tunnel: many proxies open tunnels only to port 443.
    const options = { uri: href, connections: CONNECTIONS, requestTls: this.#connect, proxyTunnel: false };
    const agent = this.#agents.get(href) ?? new ProxyAgent(options);
    this.#agents.set(href, agent);
    return agent;
  }
}

function connectOptions({ caFile, clientCertificate: own, insecure }: Credentials) {
  return {
    timeout: 10_000,
    ...(caFile === undefined ? {} : { ca: readPem('OS_CACERT', caFile) }),
    ...(own === undefined ? {} : readOwn(own)),
    ...(insecure ? { rejectUnauthorized: false } : {}),
  };
}

/** A warning for the log if the credentials make the connection unsafe; otherwise undefined. */
export function unsafeConnection({ authUrl, insecure }: Credentials): string | undefined {
  if (insecure)
    return 'OS_INSECURE: certificates are not verified, so anyone on the network path can read the password';
  const { protocol, hostname } = authUrl;
  const local = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  return protocol === 'https:' || local
    ? undefined
    : `${authUrl.origin} is not https: the password is sent without encryption`;
}

function readOwn({ certFile, keyFile }: NonNullable<Credentials['clientCertificate']>): KeyPair {
  const pair = { cert: readPem('OS_CERT', certFile), key: readPem('OS_KEY', keyFile) };
  checkKeyPair(pair, { certFile: `OS_CERT: ${certFile}`, keyFile: `OS_KEY: ${keyFile}` });
  return pair;
}

function readPem(name: string, path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UserError(`${name}: cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
