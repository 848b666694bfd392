import { BlockList, isIP } from 'node:net';

/** Reads addresses and networks such as `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`. Undefined if a text is neither. */
export function parseAddresses(texts: readonly string[]): BlockList | undefined {
  const list = new BlockList();
  return texts.every((text) => addTo(list, text)) ? list : undefined;
}

function addTo(list: BlockList, text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (prefix === undefined) list.addAddress(address, family);
  else if (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
    list.addSubnet(address, Number(prefix), family);
  else return false;
  return true;
}

/** True if the list has the address of a socket. */
export function includesAddress(list: BlockList, remoteAddress: string | undefined): boolean {
  const address = plainAddress(remoteAddress);
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/**
 * The network that counts as one client: an IPv4 address, or an IPv6 network of 64 bits, as providers assign to one
 * household.
 */
export function networkOf(remoteAddress: string | undefined): string {
  const address = plainAddress(remoteAddress);
  if (isIP(address) !== 6) return address;
  const [before = '', after = ''] = address.split('::');
  const [head, tail] = [before.split(':'), after === '' ? [] : after.split(':')];
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head.map((group) => group || '0'), ...zeros, ...tail].slice(0, 4).join(':');
}

/** A socket that listens on IPv4 and IPv6 writes IPv4 addresses as IPv6. */
function plainAddress(remoteAddress: string | undefined): string {
  return (remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}
