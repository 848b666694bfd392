import { flavorOfLabel, type FlavorFacts } from '../../../prometheus/flavor-facts.ts';
import { remembered } from '../../../prometheus/remembered.ts';
import { SERVER_HOURS } from '../../../prometheus/usage-metrics.ts';
import { amountOf, matchServer } from './server-units.ts';
import { resourceLine, serverLines, type ChargeLine, type LineUsage } from './lines.ts';
import {
  countsAt,
  SERVER_RESOURCES,
  versionAt,
  type BookVersion,
  type PriceBook,
  type ResourcePrice,
} from './price-book.ts';
import { denominatorsOf, type Denominators } from './units.ts';

/** Usage of an hour or a longer step, as the ledger answers it. Prices of the book do not change within the step. */
export interface Usage {
  site: string;
  /** Server hours explain usage of their own cloud only: another cloud may meter other resources. */
  cloud?: string | undefined;
  resource: string;
  /** The label of the flavor, and the state. Only server hours have them. */
  flavor?: string | undefined;
  state?: string | undefined;
  startMs: number;
  /** Amount × milliseconds. */
  amountMs: bigint;
}

interface UnpricedUsage extends LineUsage {
  reason: string;
}

/** A price of the version that begins at `from`. */
interface UnusedPrice {
  from: string;
  price: string;
}

/** What usage costs, with the versions of the book that counted for it. */
interface PricedUsage extends PricedPart {
  versions: ReadonlySet<BookVersion>;
}

export interface Charges {
  lines: readonly ChargeLine[];
  /** Numerators of all charges have this denominator. */
  denominators: Denominators;
  total: bigint;
  unpriced: readonly UnpricedUsage[];
  /** Prices of the versions that counted for the usage, but matched none of it. */
  unused: readonly UnusedPrice[];
}

/** What usage costs by a book (rule C1), with the sum and the prices that match nothing. */
export function charge(usage: Iterable<Usage>, book: PriceBook): Charges {
  const { lines, unpriced, versions } = priced(usage, book);
  const used = new Set<object>(lines.map(({ price }) => price));
  return {
    lines,
    denominators: denominatorsOf(book),
    total: lines.reduce((sum, line) => sum + line.charge, 0n),
    unpriced,
    unused: [...versions].flatMap((version) => unusedOf(version, used)),
  };
}

/**
 * The lines of what usage costs by a book. They are linear in the amounts, so charges of parts add up to the charge of the
 * whole. Usage of a project has all its resources: what server hours cost is taken from those of servers.
 */
export function priced(usage: Iterable<Usage>, book: PriceBook): PricedUsage {
  const denominators = denominatorsOf(book);
  const parts = partsOf(usage, book);
  const ofParts = parts.map(({ version, site, rows }) =>
    version === undefined
      ? { lines: [], unpriced: rows.map((row) => ({ ...row, reason: beforeReason(book) })) }
      : chargePart(version, site, rows, denominators),
  );
  return {
    lines: ofParts.flatMap((part) => part.lines),
    unpriced: ofParts.flatMap((part) => part.unpriced).filter(({ amountMs }) => amountMs !== 0n),
    versions: new Set(parts.flatMap(({ version }) => version ?? [])),
  };
}

function beforeReason({ version: [first] }: PriceBook): string {
  return `the book begins on ${first?.from ?? 'no date'}`;
}

/** The usage of one cloud while one version counts, summed. */
interface Part {
  version: BookVersion | undefined;
  site: string;
  rows: LineUsage[];
}

function partsOf(usage: Iterable<Usage>, book: PriceBook): Part[] {
  const parts = new Map<string, Part & { sums: Map<string, LineUsage> }>();
  for (const { site, cloud, resource, flavor, state, startMs, amountMs } of usage) {
    const version = versionAt(book, startMs);
    const partKey = JSON.stringify([version?.from, site, cloud]);
    const part = parts.get(partKey) ?? { version, site, rows: [], sums: new Map<string, LineUsage>() };
    parts.set(partKey, part);
    const key = JSON.stringify([resource, flavor, state]);
    const amountBefore = part.sums.get(key)?.amountMs ?? 0n;
    part.sums.set(key, { site, resource, flavor, state, amountMs: amountBefore + amountMs });
  }
  return [...parts.values()].map(({ sums, ...part }) => ({ ...part, rows: [...sums.values()] }));
}

/** All usage has few flavors, and reading a label takes longer than the rest of a row. */
const flavorOf = remembered(flavorOfLabel, 2 ** 20);

interface PricedPart {
  lines: ChargeLine[];
  unpriced: UnpricedUsage[];
}

function chargePart(
  version: BookVersion,
  site: string,
  rows: readonly LineUsage[],
  denominators: Denominators,
): PricedPart {
  const byServerHours = version.server.some((price) => countsAt(price, site));
  const servers = byServerHours ? rows.filter(({ resource }) => resource === SERVER_HOURS) : [];
  const flavors = servers.map((row) => ({ row, flavor: flavorOf(row.flavor ?? '') }));
  const parts = [
    ...flavors.map(({ row, flavor }) => chargeServers(version, row, flavor, denominators)),
    ...rows
      .filter(({ resource }) => resource !== SERVER_HOURS)
      .map((row) =>
        byServerHours && SERVER_RESOURCES.has(row.resource)
          ? chargeRest(version, row, flavors, denominators)
          : chargeResource(version, version.resource, row, denominators),
      ),
  ];
  return {
    lines: parts.flatMap(({ lines }) => lines),
    unpriced: parts.flatMap(({ unpriced }) => unpriced),
  };
}

function chargeServers(
  version: BookVersion,
  row: LineUsage,
  flavor: FlavorFacts | undefined,
  denominators: Denominators,
): PricedPart {
  if (flavor === undefined) return { lines: [], unpriced: [{ ...row, reason: 'it has no flavor' }] };
  const prices = version.server.filter((price) => countsAt(price, row.site));
  const match = matchServer(prices, flavor);
  if ('reason' in match) return { lines: [], unpriced: [{ ...row, reason: match.reason }] };
  return { lines: serverLines(version, match.price, { ...row, facts: flavor }, denominators), unpriced: [] };
}

/** A price of the site comes before one for all sites. */
function chargeResource(
  version: BookVersion,
  prices: readonly ResourcePrice[],
  row: LineUsage,
  denominators: Denominators,
): PricedPart {
  if (row.amountMs === 0n) return { lines: [], unpriced: [] };
  const own = prices.filter(({ resource }) => resource === row.resource);
  const price = own.find(({ site }) => site === row.site) ?? own.find(({ site }) => site === undefined);
  if (price === undefined) return { lines: [], unpriced: [{ ...row, reason: 'no price matches' }] };
  const isFallback = prices === version.fallback;
  return { lines: [resourceLine(version, price, isFallback, row, denominators)], unpriced: [] };
}

type Flavors = readonly { row: LineUsage; flavor: FlavorFacts | undefined }[];

/** A ledger rounds each hour, so about a millionth that no server hours explain is not usage without a price. */
const ROUNDED = 1_000_000n;

/**
 * The fallback charges what server hours do not explain. Usage of GPUs has the weights of a site, and the devices of a flavor
 * have none. So the rest of GPUs may be negative, which is not usage without a price.
 */
function chargeRest(
  version: BookVersion,
  row: LineUsage,
  flavors: Flavors,
  denominators: Denominators,
): PricedPart {
  const rest = withoutServers(row, flavors);
  const ofRest = chargeResource(version, version.fallback, rest, denominators);
  const isRounding = sizeOf(rest.amountMs) * ROUNDED < sizeOf(row.amountMs);
  const isWeight = row.resource === 'gpu' && rest.amountMs < 0n;
  return isRounding || isWeight ? { ...ofRest, unpriced: [] } : ofRest;
}

function sizeOf(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

/** The usage of a resource that no server hours explain. */
function withoutServers(row: LineUsage, servers: Flavors): LineUsage {
  const known = servers.reduce((sum, { row: { amountMs }, flavor }) => {
    const amount = flavor === undefined ? undefined : amountOf(flavor, row.resource);
    return sum + amountMs * BigInt(amount ?? 0);
  }, 0n);
  return { ...row, amountMs: row.amountMs - known };
}

/** The prices of a version that are not among those used. */
export function unusedOf(version: BookVersion, used: ReadonlySet<object>): UnusedPrice[] {
  return [...version.server, ...version.resource, ...version.fallback]
    .filter((price) => !used.has(price))
    .map((price) => ({ from: version.from, price: priceWords(price, version) }));
}

/** How a price is called: `"A100"`, `volume_gb at site-a`, `fallback of vcpu`. */
export function priceWords(
  price: { name: string } | ResourcePrice,
  { fallback }: Pick<BookVersion, 'fallback'>,
): string {
  if ('name' in price) return price.name;
  const { resource, site } = price;
  const isFallback = fallback.includes(price);
  return `${isFallback ? 'fallback of ' : ''}${resource}${site === undefined ? '' : ` at ${site}`}`;
}
