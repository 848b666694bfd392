/** Prices, and differences of price books, in words. */
import { isDeepStrictEqual } from 'node:util';
import { unitOfResource } from '../../../prometheus/usage-metrics.ts';
import { priceWords } from '../charges/charge.ts';
import {
  SIZES,
  type BookVersion,
  type PriceBook,
  type ResourcePrice,
  type ServerPrice,
  type UnitPrice,
} from '../charges/price-book.ts';
import { LIMITS_OF_FALLBACKS, LIMITS_OF_RESOURCES, LIMITS_OF_STATES, limitsOfServers } from './limits.ts';
import { changed, quoted, timeOr } from '../wording.ts';

/** What `after` changes, one line for each thing. Null means that the book is removed. */
export function bookDifference(
  name: string,
  before: PriceBook | undefined,
  after: PriceBook | null,
): string[] {
  const subject = `price book ${name}`;
  if (after === null) return before === undefined ? [] : [`${subject}: removed`];
  return [
    ...(before === undefined ? [`${subject}: new`] : []),
    ...[
      ...changed('unit', quoted(before?.unit), quoted(after.unit)),
      ...changed('scale', String(before?.scale ?? 'none'), String(after.scale)),
      ...changed('rounding', before?.rounding ?? 'none', after.rounding),
      ...newVersions(before?.version ?? [], after.version),
    ].map((line) => `${subject}: ${line}`),
  ];
}

/** The added versions, each with its difference from the prices that would count without it. */
function newVersions(before: readonly BookVersion[], after: readonly BookVersion[]): string[] {
  return after.flatMap((version, index) => {
    if (before.some((other) => isDeepStrictEqual(other, version))) return [];
    const where = `version from ${timeOr(version.from, '')}`;
    return [
      `${where}: ${quoted(version.reason)}`,
      ...versionDifference(after[index - 1], version).map((line) => `${where}: ${line}`),
    ];
  });
}

/** The changes of a version from the one whose place it takes, one line for each price. */
export function versionDifference(before: BookVersion | undefined, after: BookVersion): string[] {
  const [old, now] = [pricesOf(before), pricesOf(after)];
  return [
    ...[...new Set([...old.keys(), ...now.keys()])].flatMap((key) =>
      changed(`${key}:`, old.get(key) ?? 'none', now.get(key) ?? 'none'),
    ),
    ...changed('the first price that matches counts:', orderOf(before, now), orderOf(after, old)),
  ];
}

/** A price in words, and a sentence for each thing that it leaves out. */
export interface PriceInWords {
  price: string;
  words: string;
  limits: readonly string[];
}

/** All prices of a version, in their order. */
export function versionWords({ server, states, resource, fallback }: BookVersion): PriceInWords[] {
  const ofResources = (prices: readonly ResourcePrice[], limits: readonly string[]) =>
    prices.map((price) => ({ price: priceWords(price, { fallback }), words: resourceWords(price), limits }));
  return [
    ...server.map((price) => ({
      price: serverKey(price),
      words: serverWords(price),
      limits: limitsOfServers(price),
    })),
    ...Object.entries(states).map(([state, factor]) => ({
      price: `state ${state}`,
      words: `× ${factor}`,
      limits: LIMITS_OF_STATES,
    })),
    ...ofResources(resource, LIMITS_OF_RESOURCES),
    ...ofResources(fallback, LIMITS_OF_FALLBACKS),
  ];
}

function pricesOf(version: BookVersion | undefined): Map<string, string> {
  return new Map(
    version === undefined ? [] : versionWords(version).map(({ price, words }) => [price, words]),
  );
}

function serverKey({ name }: ServerPrice): string {
  return `servers ${quoted(name)}`;
}

/** The order of the prices of servers that both versions have. */
function orderOf(version: BookVersion | undefined, other: ReadonlyMap<string, string>): string {
  const common = (version?.server ?? []).map(serverKey).filter((key) => other.has(key));
  return common.join(', ');
}

/** `1.8 for each 1 gpu or 24 vcpu, whole units + 2 for each server, at site-a, with gpu a100*` */
function serverWords({ site, flavor, sum }: ServerPrice): string {
  const facts = Object.entries(flavor).map(([fact, value]) => `${fact} ${value}`);
  return [
    sum.map(partWords).join(' + '),
    ...(site === undefined ? [] : [`at ${site}`]),
    ...(facts.length === 0 ? [] : [`with ${facts.join(' and ')}`]),
  ].join(', ');
}

function partWords({ price, per, whole_units, steps }: UnitPrice): string {
  const sizes = SIZES.flatMap((size) => (per[size] === undefined ? [] : [`${per[size]} ${size}`]));
  const unit = sizes.length === 0 ? 'server' : sizes.join(' or ');
  const factors = steps.map(({ above, factor }) => ` × ${factor} above ${above}`);
  return `${price} for each ${unit}${whole_units ? ', whole units' : ''}${factors.join('')}`;
}

function resourceWords({ resource, per, price }: ResourcePrice): string {
  const unit = unitOfResource(resource);
  return `${price} for each of ${per === 1 ? unit : `${per} ${unit}`}`;
}
