import { BlockList, isIP } from 'node:net';
import { shownUrl } from '../../../runtime/http/shown-url.ts';
import { UserError } from '../../../runtime/user-error.ts';
import type { Environment } from '../credentials/credentials.ts';

/** The proxies to the services, by the variables of the OpenStack clients. */
export interface Proxies {
  http: URL | undefined;
  https: URL | undefined;
  /** Names, suffixes of names, addresses and networks without a proxy. An entry with a port is for that port only. */
  none: readonly string[];
}

export const NO_PROXIES: Proxies = { http: undefined, https: undefined, none: [] };

/** Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. The names in small letters win. Throws `UserError`. */
export function readProxies(env: Environment): Proxies {
  const named = (name: string) => [name.toLowerCase(), name].find((either) => env[either]);
  const proxy = (name: string) => readProxy(named(name) ?? named('ALL_PROXY'), env);
  const none = env[named('NO_PROXY') ?? ''] ?? '';
  return {
    http: proxy('HTTP_PROXY'),
    https: proxy('HTTPS_PROXY'),
    none: none
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((entry) => entry !== ''),
  };
}

function readProxy(name: string | undefined, env: Environment): URL | undefined {
  const text = name === undefined ? undefined : env[name];
  if (name === undefined || text === undefined) return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(address) && /^(https?|socks5):/i.test(address)) return new URL(address);
  throw new UserError(
    `${name}: '${shownUrl(text)}' is not the address of a proxy, such as http://proxy:3128`,
  );
}

/** The proxy for an address; undefined for a direct connection. */
export function proxyFor(url: URL, { http, https, none }: Proxies): URL | undefined {
  const proxy = url.protocol === 'https:' ? https : http;
  return proxy === undefined || none.some((entry) => covers(entry, url)) ? undefined : proxy;
}

function covers(entry: string, url: URL): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (entry === '*' || entry === host) return true;
  if (entry.includes('/')) return isWithin(host, entry);
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\*?\./, '')) ?? [];
  const own = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (port !== undefined && port !== own) return false;
  return host === name.replace(/^\[(.*)\]$/, '$1') || host.endsWith(`.${name}`);
}

function isWithin(host: string, network: string): boolean {
  const [address = '', prefix] = network.split('/');
  const [family, bits] = isIP(address) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
  if (isIP(address) === 0 || isIP(host) === 0 || !(Number(prefix) <= bits)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), family);
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
