import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { checkKeyPair, type KeyPair } from '../../../runtime/files/key-pair.ts';
import { readTextFile } from '../../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../../runtime/user-error.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { proxyFor, type Proxies } from './proxies.ts';

/** More than all readers together have under way: services may share an address, and one that hangs must hold up no other. */
const CONNECTIONS = 16;

/** The connections of one exporter: directly, and through proxies. */
export interface ServiceConnections {
  dispatcher: Dispatcher;
  destroy(): Promise<void>;
}

/** Connections with the certificates that the credentials name. Throws a `UserError` for a file. */
export function createConnections(credentials: Credentials, proxies: Proxies): ServiceConnections {
  const connect = connectOptions(credentials);
  const direct = new Agent({ connections: CONNECTIONS, connect });
  const proxied = new Map<string, ProxyAgent>();
  const through = ({ href }: URL) => {
    // Plain HTTP is asked of a proxy as of a server: many refuse to open tunnels to other ports than 443.
    const options = { uri: href, connections: CONNECTIONS, requestTls: connect, proxyTunnel: false };
    const agent = proxied.get(href) ?? new ProxyAgent(options);
    proxied.set(href, agent);
    return agent;
  };
  return {
    dispatcher: direct.compose((dispatch) => (options, handler) => {
      const proxy = proxyFor(new URL(options.origin ?? ''), proxies);
      return proxy === undefined ? dispatch(options, handler) : through(proxy).dispatch(options, handler);
    }),
    destroy: async () => {
      await Promise.all([direct, ...proxied.values()].map(async (agent) => await agent.destroy()));
    },
  };
}

function connectOptions({ caFile, clientCertificate: own, insecure }: Credentials) {
  return {
    timeout: 10_000,
    ...(caFile === undefined ? {} : { ca: readPem('OS_CACERT', caFile) }),
    ...(own === undefined ? {} : readOwn(own)),
    ...(insecure ? { rejectUnauthorized: false } : {}),
  };
}

/** What should stand in the log where credentials make a connection unsafe. */
export function unsafeConnection({ authUrl, insecure }: Credentials): string | undefined {
  if (insecure)
    return 'OS_INSECURE: certificates are not verified, whoever stands between can read the password';
  const { protocol, hostname } = authUrl;
  const local = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  return protocol === 'https:' || local
    ? undefined
    : `${authUrl.origin} is not https: the password is sent in the open`;
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
