import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { describeError, UserError } from '../runtime/user-error.ts';

export interface TlsFiles {
  /** PEM: the certificate, followed by those between it and the root. */
  certFile: string;
  /** PEM, without a passphrase. */
  keyFile: string;
  /** PEM: who stands for the certificates of clients; undefined where none are asked for. */
  clientCaFile?: string | undefined;
}

/** What a server shows. */
export type ServedTls = SecureContextOptions & { cert: Buffer };

/** Reads certificate and key anew and proves that they belong together. Throws `UserError`. */
export function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): ServedTls {
  const options: ServedTls = {
    cert: readPem(certFile, 'certificate'),
    key: readPem(keyFile, 'key'),
    ...(clientCaFile === undefined ? {} : { ca: readClientCa(clientCaFile) }),
    minVersion: 'TLSv1.2',
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new UserError(
      `${certFile} and ${keyFile} are not a certificate and its key in PEM: ${describeError(error)}`,
      { cause: error },
    );
  }
  return options;
}

function readClientCa(path: string): Buffer {
  const pem = readPem(path, 'client CA');
  try {
    expiryOfCertificate(pem);
  } catch (error) {
    throw new UserError(`${path} is not a certificate in PEM: ${describeError(error)}`, { cause: error });
  }
  return pem;
}

/** Unix milliseconds at which the first certificate of a chain expires. */
export function expiryOfCertificate(pem: Buffer): number {
  return Date.parse(new X509Certificate(pem).validTo);
}

function readPem(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read the TLS ${what} ${path}: ${describeError(error)}`, { cause: error });
  }
}
