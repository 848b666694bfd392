/** The rules within a price book. */
import {
  SERVER_RESOURCES,
  type BookVersion,
  type PriceBook,
  type ResourcePrice,
} from '../charges/price-book.ts';
import { unitSizes } from '../charges/units.ts';

interface Fault {
  path: (string | number)[];
  message: string;
}

/** More would make the denominator of charges so large that a book slows everything that uses it. */
const MOST_SIZES = 200;

export function bookFaults(book: PriceBook): Fault[] {
  return [...orderFaults(book), ...sizeFaults(book)];
}

function orderFaults({ version }: PriceBook): Fault[] {
  const early = version.findIndex(({ from }, index) => from < (version[index - 1]?.from ?? ''));
  if (early < 0) return [];
  const message = `must not be before that of the version above (${version[early - 1]?.from}); versions stand in order of time`;
  return [{ path: ['version', early, 'from'], message }];
}

function sizeFaults(book: PriceBook): Fault[] {
  const { size } = unitSizes(book);
  const message = `has units of ${size} different sizes (per), ${MOST_SIZES} at most`;
  return size > MOST_SIZES ? [{ path: ['version'], message }] : [];
}

export function versionFaults(version: BookVersion): Fault[] {
  const { server, resource, fallback } = version;
  if (server.length + resource.length === 0)
    return [{ path: [], message: 'has no prices; write [[price_book.version.server]] or …resource' }];
  return [
    ...twice('server', server, ({ name }) => `'${name}'`),
    ...twice('resource', resource, resourceAt),
    ...twice('fallback', fallback, resourceAt),
    ...bothFaults(version),
    ...fallbackFaults(version),
  ];
}

function resourceAt({ resource, site }: ResourcePrice): string {
  return `'${resource}'${site === undefined ? '' : ` at ${site}`}`;
}

function twice<T>(word: string, prices: readonly T[], called: (price: T) => string): Fault[] {
  const seen = new Set<string>();
  for (const [at, price] of prices.entries()) {
    const name = called(price);
    if (seen.has(name)) return [{ path: [word, at], message: `there are two prices of ${name}` }];
    seen.add(name);
  }
  return [];
}

/** At each site, servers have prices by server hours or by their resources. */
function bothFaults({ server, resource }: BookVersion): Fault[] {
  const sites = new Set(server.map(({ site }) => site));
  const hasServers = (site: string | undefined) =>
    site === undefined ? server.length > 0 : sites.has(undefined) || sites.has(site);
  return resource.flatMap((price, index) => {
    if (!SERVER_RESOURCES.has(price.resource) || !hasServers(price.site)) return [];
    const other = price.resource === 'gpu' ? '' : ', or make it a [[price_book.version.fallback]]';
    const message = `servers have prices by server hours already, and would be charged twice; remove the price of ${resourceAt(price)}${other}`;
    return [{ path: ['resource', index], message }];
  });
}

function fallbackFaults({ server, fallback }: BookVersion): Fault[] {
  return fallback.flatMap(({ resource }, index) => {
    if (server.length === 0)
      return [
        { path: ['fallback', index], message: 'is for versions with prices of servers; write resource' },
      ];
    if (resource === 'gpu') {
      const message =
        'GPUs have no fallback: their usage has the weights of a site, and server hours have none; give servers with GPUs a price';
      return [{ path: ['fallback', index, 'resource'], message }];
    }
    if (SERVER_RESOURCES.has(resource)) return [];
    const others = [...SERVER_RESOURCES].filter((name) => name !== 'gpu').join(', ');
    const message = `'${resource}' is no resource of servers (${others}); write it under resource`;
    return [{ path: ['fallback', index, 'resource'], message }];
  });
}
