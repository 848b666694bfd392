/**
 * Price books as their documents have them (rule C2). Decimals and times are text in their one form, so equal books are
 * equal as JSON.
 */

/** How a shown amount is rounded: to the nearest, with ties away from zero or to the even digit; away from zero; towards it. */
export const ROUNDINGS = ['half-up', 'half-even', 'up', 'down'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/** The word for charges in the place of a resource. */
export const CHARGE = 'charge';

export interface PriceBook {
  name: string;
  /** A currency, or a unit of its own such as credits. */
  unit: string;
  /** Decimal places of a shown amount. */
  scale: number;
  rounding: Rounding;
  /** In order of time. */
  version: readonly BookVersion[];
}

/** All prices from an instant until the next version. Of versions with one `from`, the last counts. */
export interface BookVersion {
  from: string;
  /** Why these prices. */
  reason?: string | undefined;
  /** Prices of server hours. The first that matches a server counts. */
  server: readonly ServerPrice[];
  /** The part of the price that a server hour in a state costs. A state that is not named costs all of it. */
  states: Readonly<Record<string, string>>;
  /** Prices of resources. A price for a site counts before one for all sites. */
  resource: readonly ResourcePrice[];
  /** Prices of the resources of servers, for usage that has no server hours. */
  fallback: readonly ResourcePrice[];
}

export interface ServerPrice {
  name: string;
  site?: string | undefined;
  flavor: FlavorPattern;
  /** A server costs the sum of these. */
  sum: readonly UnitPrice[];
}

/** Every fact that it names must be as it says. Names may end with `*`. */
export interface FlavorPattern {
  name?: string | undefined;
  gpu?: string | undefined;
  vcpu?: number | undefined;
  mb?: number | undefined;
  disk_gb?: number | undefined;
}

export const SIZES = ['vcpu', 'mb', 'disk_gb', 'gpu'] as const;
export type Size = (typeof SIZES)[number];

export interface UnitPrice {
  /** The price of a unit × hour. */
  price: string;
  /** The size of a unit. With several sizes, the one that takes most units counts. Without any, a server is one unit. */
  per: Readonly<Partial<Record<Size, number | undefined>>>;
  /** Whether a server costs whole units. */
  whole_units: boolean;
  /** The last step that a server's units are above counts for all of them. */
  steps: readonly { above: number; factor: string }[];
}

export interface ResourcePrice {
  resource: string;
  site?: string | undefined;
  /** The price is for so much of the resource × hour. */
  per: number;
  price: string;
}

/** The resources that servers have. Either these or server hours have prices. */
export const SERVER_RESOURCES: ReadonlySet<string> = new Set(['vcpu', 'mb', 'disk_gb', 'instance', 'gpu']);

/** Whether a price counts at a site. Undefined stands for the sites that no price names. */
export function countsAt(price: { site?: string | undefined }, site: string | undefined): boolean {
  return price.site === undefined || price.site === site;
}

/** The version that counts at an instant; undefined before the first one. */
export function versionAt(book: PriceBook, atMs: number): BookVersion | undefined {
  return book.version[startsOf(book).findLastIndex((startMs) => startMs <= atMs)];
}

/** Each row of usage asks for its version, and a book may have many. */
const known = new WeakMap<PriceBook, readonly number[]>();

function startsOf(book: PriceBook): readonly number[] {
  const starts = known.get(book) ?? book.version.map(({ from }) => Date.parse(from));
  known.set(book, starts);
  return starts;
}
