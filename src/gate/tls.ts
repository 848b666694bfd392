import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { describeError, UserError } from '../runtime/user-error.ts';

export interface TlsFiles {
  /** PEM: the certificate, followed by those between it and the root. */
  certFile: string;
  /** PEM, without a passphrase. */
  keyFile: string;
}

/** Reads certificate and key anew and proves that they belong together. Throws `UserError`. */
export function readTls({ certFile, keyFile }: TlsFiles): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: readPem(certFile, 'certificate'),
    key: readPem(keyFile, 'key'),
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

function readPem(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read the TLS ${what} ${path}: ${describeError(error)}`, { cause: error });
  }
}
