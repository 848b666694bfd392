import type { Dispatcher } from 'undici';
import { checkKeyPair, type KeyPair } from '../../../runtime/files/key-pair.ts';
import { readTextFile } from '../../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { CONNECT_TIMEOUT_MS, CONNECTIONS, DirectConnections, type TlsOptions } from './direct-connections.ts';
import type { IncomingAnswer, OutgoingRequest } from './http.ts';
import { proxyFor, type Proxies } from './proxies.ts';

/** The connections of one exporter: direct ones, and those through proxies. */
export class ServiceConnections {
  readonly #tls: TlsOptions;
  readonly #proxies: Proxies;
  readonly #direct: DirectConnections;
  readonly #proxied = new Map<string, Dispatcher>();

  /** Uses the certificates that the credentials name. Throws `UserError` for a file that cannot be used. */
  constructor(credentials: Credentials, proxies: Proxies) {
    this.#tls = tlsOptions(credentials);
    this.#proxies = proxies;
    this.#direct = new DirectConnections(this.#tls);
  }

  /** Returns the answer when its headers are here. Rejects with the connection's error. */
  async send(asked: OutgoingRequest): Promise<IncomingAnswer> {
    const proxy = proxyFor(asked.url, this.#proxies);
    return proxy === undefined ? await this.#direct.send(asked) : await this.#sendThrough(proxy, asked);
  }

  async destroy(): Promise<void> {
    this.#direct.destroy();
    await Promise.all([...this.#proxied.values()].map(async (agent) => await agent.destroy()));
  }

  /** Loads undici only where there is a proxy: it takes 25 MB of memory. */
  async #sendThrough({ href }: URL, { url, body, ...options }: OutgoingRequest): Promise<IncomingAnswer> {
    const { ProxyAgent, request } = await import('undici');
    const requestTls = { timeout: CONNECT_TIMEOUT_MS, ...this.#tls };
    // Requests in plain HTTP go to the proxy without a tunnel: many proxies open tunnels only to port 443.
    const settings = { uri: href, connections: CONNECTIONS, requestTls, proxyTunnel: false };
    const dispatcher = this.#proxied.get(href) ?? new ProxyAgent(settings);
    this.#proxied.set(href, dispatcher);
    const limits = { headersTimeout: 0, bodyTimeout: 0 }; // the signal limits both
    return await request(url, { ...options, ...limits, body: body ?? null, dispatcher });
  }
}

function tlsOptions({ caFile, clientCertificate: own, insecure }: Credentials): TlsOptions {
  return {
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
