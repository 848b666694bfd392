import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describeError, UserError } from '../user-error.ts';

/** A certificate and its private key, both in PEM. */
export interface KeyPair {
  /** The certificate, then the certificates of the intermediate authorities, if any. */
  cert: string;
  key: string;
}

/**
 * Checks that TLS can use the certificate and the key together. Otherwise throws a `UserError` that names the files. The
 * check of OpenSSL is not enough: it accepts, for example, an EC key with an RSA certificate.
 */
export function checkKeyPair(pair: KeyPair, files: { certFile: string; keyFile: string }): void {
  const { certFile, keyFile } = files;
  // A key with a passphrase has this word in its PEM header, in PKCS #8 and in the older format.
  if (pair.key.includes('ENCRYPTED'))
    throw new UserError(`${keyFile} has a passphrase: give a key without one`);
  const certificate = parsed(certFile, 'is not a certificate in PEM', () => new X509Certificate(pair.cert));
  const key = parsed(keyFile, 'is not a key in PEM', () => createPrivateKey(pair.key));
  if (!certificate.checkPrivateKey(key))
    throw new UserError(`${certFile} and ${keyFile} do not belong together: replace both`);
  parsed(certFile, 'has a certificate that TLS cannot use', () => createSecureContext(pair));
}

function parsed<T>(file: string, problem: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UserError(`${file} ${problem}: ${describeError(error)}`, { cause: error });
  }
}
