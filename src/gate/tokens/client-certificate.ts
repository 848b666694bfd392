import { TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';

/** The client certificate to which a token is bound. */
export interface ClientCertificate {
  /** SHA-256 of the certificate: 64 hexadecimal digits in small letters. */
  fingerprint?: string | undefined;
  /** Common name of the certificate's subject. */
  commonName?: string | undefined;
}

/** True if the client has proven that it has the certificate's key, and the gate's CA has signed the certificate. */
export function presents(socket: Socket, wanted: ClientCertificate): boolean {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  const { fingerprint256, subject } = socket.getPeerCertificate();
  const fingerprint = fingerprint256?.replaceAll(':', '').toLowerCase();
  return (
    (wanted.fingerprint === undefined || fingerprint === wanted.fingerprint) &&
    (wanted.commonName === undefined || subject?.CN === wanted.commonName)
  );
}
