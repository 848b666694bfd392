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
    certificateOf(pem);
  } catch (error) {
    throw new UserError(`${path} is not a certificate in PEM: ${describeError(error)}`, { cause: error });
  }
  return pem;
}

/** A certificate, as the gate shows it to its operator. */
export interface Certificate {
  /** Unix milliseconds. */
  expiresMs: number;
  /** SHA-256, as `openssl x509 -fingerprint` writes it. */
  fingerprint: string;
}

/** The first certificate of a chain. */
export function certificateOf(pem: string): Certificate {
  const { validTo, fingerprint256: fingerprint } = new X509Certificate(pem);
  return { expiresMs: Date.parse(validTo), fingerprint };
}

function readPem(path: string, what: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    throw new UserError(`cannot read the TLS ${what} ${path}: ${describeError(error)}`, { cause: error });
  }
}
