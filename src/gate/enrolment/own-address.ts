import type { X509Certificate } from 'node:crypto';
import { isLoopback, type ListenAddress } from '../../runtime/http/listen.ts';
import { shownUrl } from '../../runtime/http/shown-url.ts';
import { UserError } from '../../runtime/user-error.ts';

/** The address under which a portal reaches the gate: `url`, or else the first name in the gate's certificate. */
export function ownAddress(
  url: string | undefined,
  listen: ListenAddress,
  certificate: X509Certificate | undefined,
): string {
  if (url !== undefined) return checkedUrl(url);
  const name = certificate === undefined ? undefined : firstName(certificate);
  if (name === undefined || listen.port === 0)
    throw new UserError(
      `${certificate === undefined ? 'the gate has no certificate' : "the gate's certificate has no name with a domain, and no address"}: give --url https://HOST:PORT, the address under which the portal reaches the gate`,
    );
  return new URL(`https://${name}:${listen.port}`).href.replace(/\/$/, '');
}

/** A name without a dot is known to few machines, so it is no address for others. */
function firstName({ subjectAltName = '' }: X509Certificate): string | undefined {
  const names = subjectAltName.split(', ').flatMap((entry) => {
    const [, kind, name = ''] = /^(DNS|IP Address):([\w.:-]+)$/.exec(entry) ?? [];
    return kind === undefined ? [] : [kind === 'DNS' || !name.includes(':') ? name : `[${name}]`];
  });
  return names.find((name) => /[.:]/.test(name));
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.protocol === 'http:' && isLoopback(url.hostname.replaceAll(/[[\]]/g, ''));
  if (url === undefined || (url.protocol !== 'https:' && !isPlain))
    throw new UserError(
      `--url: '${shownUrl(text)}' is not an address such as https://usage.site-a.example:8443`,
    );
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UserError('--url: must be the address only, without a user, ? or #');
  return url.href.replace(/\/$/, '');
}

/** The certificates that a portal needs to trust the gate; undefined if an authority signed the gate's certificate. */
export function certificatesFor(certificate: X509Certificate | undefined): string | undefined {
  return certificate !== undefined && signedItself(certificate) ? certificate.toString() : undefined;
}

function signedItself(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
}
