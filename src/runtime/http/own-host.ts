import { isIP } from 'node:net';
import { z } from 'zod';
import { isLoopback } from './listen.ts';
import { setting } from '../settings/settings.ts';

/** The setting `public_url`: the host of the address under which others reach a role. */
export const publicUrlSetting = setting({
  type: 'text',
  schema: z
    .url({ protocol: /^https?$/, error: 'must be a URL such as https://usage.example.org' })
    .max(2000, 'is longer than 2000 characters')
    .transform((url) => new URL(url).hostname)
    .optional(),
  value: 'URL',
  help: 'address under which others reach it; a request for another name is refused, except for addresses and names without a dot',
});

/**
 * Whether a request without a token may be answered under this `Host`. A page of another site can point a name of its own
 * at our address (DNS rebinding), and would read us as itself. It cannot do so with an address, or with a name without a dot.
 */
export function isOwnHost(host: string | undefined, ownNames: readonly (string | undefined)[]): boolean {
  // HTTP/1.0 has none; browsers always send one.
  if (host === undefined) return true;
  const name = hostName(host);
  if (name === undefined) return false;
  if (isIP(name) !== 0 || isLoopback(name) || name.endsWith('.localhost')) return true;
  return !name.includes('.') || ownNames.includes(name);
}

/** The name of `NAME[:PORT]` in lower case, without the brackets of an IPv6 address. */
function hostName(host: string): string | undefined {
  if (host.length > 300) return undefined;
  const [, address, name] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d*)?$/i.exec(host) ?? [];
  return address ?? name?.toLowerCase().replace(/\.$/, '');
}

/** The answer to others, with status 421. */
export const FOREIGN_HOST =
  'this name is not known here: set public_url (--public-url, STACKMETER_PUBLIC_URL) to the address in use, or ask by IP address';
