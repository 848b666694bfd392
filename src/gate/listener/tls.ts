import { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { checkKeyPair } from '../../runtime/files/key-pair.ts';
import { readTextFile } from '../../runtime/files/text-file.ts';
import { describeError, UserError } from '../../runtime/user-error.ts';

export interface TlsFiles {
  /** PEM: the certificate, followed by the intermediate certificates. */
  certFile: string;
  /** PEM, without a passphrase. */
  keyFile: string;
  /** PEM: the CA of client certificates; undefined where the gate asks for none. */
  clientCaFile?: string | undefined;
}

/** The certificate of the server, with its key and TLS options. */
export type ServedTls = SecureContextOptions & { cert: string };

/** Reads certificate and key, and checks that they belong together. Throws `UserError`. */
export function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): ServedTls {
  const pair = { cert: readPem(certFile, 'certificate'), key: readPem(keyFile, 'key') };
  checkKeyPair(pair, { certFile, keyFile });
  const ca = clientCaFile === undefined ? {} : { ca: readClientCa(clientCaFile) };
  return { ...pair, ...ca, minVersion: 'TLSv1.2' };
}

function readClientCa(path: string): string {
  const pem = readPem(path, 'client CA');
  try {
    expiryOfCertificate(pem);
  } catch (error) {
    throw new UserError(`${path} is not a certificate in PEM: ${describeError(error)}`, { cause: error });
  }
  return pem;
}

/** Unix milliseconds at which the first certificate of a chain expires. */
export function expiryOfCertificate(pem: string): number {
  return Date.parse(new X509Certificate(pem).validTo);
}

function readPem(path: string, what: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UserError(`cannot read the TLS ${what} ${path}: ${describeError(error)}`, { cause: error });
  }
}
