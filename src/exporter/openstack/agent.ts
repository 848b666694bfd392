import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { describeError, UserError } from '../../runtime/user-error.ts';
import type { Credentials } from './credentials.ts';

/** More than all readers together have under way: services may share an address, and one that hangs must hold up no other. */
const CONNECTIONS = 16;

/** The connections of one exporter, with the certificates that its credentials name. Throws a `UserError` for a file. */
export function createAgent({ caFile, clientCertificate, insecure }: Credentials): Agent {
  const own = clientCertificate;
  return new Agent({
    connections: CONNECTIONS,
    connect: {
      timeout: 10_000,
      ...(caFile === undefined ? {} : { ca: readPem('OS_CACERT', caFile) }),
      ...(own === undefined
        ? {}
        : { cert: readPem('OS_CERT', own.certFile), key: readPem('OS_KEY', own.keyFile) }),
      ...(insecure ? { rejectUnauthorized: false } : {}),
    },
  });
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

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`${name}: cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
