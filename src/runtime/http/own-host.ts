import { isIP } from 'node:net';
import { z } from 'zod';
import { isLoopback } from './listen.ts';
import { setting } from '../settings/settings.ts';

/** The setting `public_url`: the URL under which others reach a role. */
export const publicUrlSetting = setting({
  type: 'text',
  schema: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://usage.example.org' })
    .max(2000, 'is longer than 2000 characters')
    .transform((url) => new URL(url))
    .optional(),
  value: 'URL',
  help: 'URL under which others reach it; requests for other host names are refused, except IP addresses and names without a dot',
});

/**
 * True if a request without a token may be answered under this `Host`. A foreign web page can point a name of its own at
 * our address (DNS rebinding) and then read our answers as its own. It cannot do so with an IP address, or with a name
 * without a dot.
 */
export function isOwnHost(host: string | undefined, ownNames: readonly (string | undefined)[]): boolean {
  // A request in HTTP/1.0 may have none; browsers always send one.
  if (host === undefined) return true;
  const name = hostName(host);
  if (name === undefined) return false;
  if (isIP(name) !== 0 || isLoopback(name) || name.endsWith('.localhost')) return true;
  return !name.includes('.') || ownNames.includes(name);
}

/** The name in `NAME[:PORT]` in lower case, without the brackets of an IPv6 address. */
function hostName(host: string): string | undefined {
  if (host.length > 300) return undefined;
  const [, address, name] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d*)?$/i.exec(host) ?? [];
  return address ?? name?.toLowerCase().replace(/\.$/, '');
}

/** The answer to requests for other names, with status 421. */
export const FOREIGN_HOST =
  'unknown host name: set public_url (--public-url, STACKMETER_PUBLIC_URL) to the URL in use, or use the IP address';
