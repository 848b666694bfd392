import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readTextFile } from '../../runtime/files/text-file.ts';

/**
 * The name in a gate's own certificate, which signed itself, if that is not for this host. The portal trusts such a
 * certificate under any name; Prometheus needs to know the name. Undefined for the certificate of an authority, and for a
 * file that cannot be read here.
 */
export function ownNameIn(file: string, host: string): string | undefined {
  const certificate = certificateIn(file);
  if (certificate?.checkIssued(certificate) !== true || isFor(certificate, host)) return undefined;
  return /(?:^|, )DNS:([^,"]+)/.exec(certificate.subjectAltName ?? '')?.[1];
}

function certificateIn(file: string): X509Certificate | undefined {
  try {
    return new X509Certificate(readTextFile(file));
  } catch {
    return undefined;
  }
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const found = isIP(address) === 0 ? certificate.checkHost(host) : certificate.checkIP(address);
  return found !== undefined;
}
