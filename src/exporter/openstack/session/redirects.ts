import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { UserError } from '../../../runtime/user-error.ts';

/** The redirects that keystoneauth follows, and how many in a row. */
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 305, 307, 308]);
const MOST = 30;

export interface Redirect {
  /** The service's name, for messages. */
  service: string;
  from: URL;
  status: number;
  /** The number of earlier redirects. */
  redirects: number;
}

/**
 * The address to which a redirect leads. Throws `UserError` for another host, and for an address without TLS after one with TLS,
 * because a token or password would go there.
 */
export function nextAddress({ service, from, status, redirects }: Redirect, location: unknown): URL {
  const start = `${service} at ${from.origin}${from.pathname} answers ${status}`;
  if (typeof location !== 'string' || !URL.canParse(location, from.href))
    throw new UserError(`${start} without an address; see Keystone's catalog`);
  const to = new URL(location, from);
  const shown = shownUrl(to.origin + to.pathname);
  if (redirects >= MOST) throw new UserError(`${start} to ${shown}, the ${MOST + 1}st redirect in a row`);
  if (!/^https?:$/.test(to.protocol)) throw new UserError(`${start} to ${shown}, which is not http or https`);
  if (to.hostname !== from.hostname || (from.protocol === 'https:' && to.protocol === 'http:'))
    throw new UserError(
      `${start} to ${shown}, where credentials are not sent; correct Keystone's catalog, or name the address with OS_AUTH_URL or an endpoint override`,
    );
  return to;
}
