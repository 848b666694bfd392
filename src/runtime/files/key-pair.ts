import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describeError, UserError } from '../user-error.ts';

/** In PEM. */
export interface KeyPair {
  /** The certificate, followed by the intermediate ones up to the root. */
  cert: string;
  key: string;
}

/**
 * Throws a `UserError` that names the files unless TLS can use certificate and key together. OpenSSL itself accepts a
 * key of another kind than the certificate's.
 */
export function checkKeyPair(pair: KeyPair, files: { certFile: string; keyFile: string }): void {
  const { certFile, keyFile } = files;
  // Both PKCS #8 and the older form mark it with this word.
  if (pair.key.includes('ENCRYPTED'))
    throw new UserError(`${keyFile} has a passphrase: give a key without one`);
  const certificate = parsed(certFile, 'a certificate', () => new X509Certificate(pair.cert));
  const key = parsed(keyFile, 'a key', () => createPrivateKey(pair.key));
  if (!certificate.checkPrivateKey(key))
    throw new UserError(`${certFile} and ${keyFile} are not a certificate and its key: replace both`);
  parsed(certFile, 'a certificate that TLS can use', () => createSecureContext(pair));
}

function parsed<T>(file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UserError(`${file} is not ${what} in PEM: ${describeError(error)}`, { cause: error });
  }
}
