import type { FlavorFacts } from '../../../prometheus/flavor-facts.ts';
import type { Fraction } from './fraction.ts';
import { SIZES, type FlavorPattern, type ServerPrice, type Size, type UnitPrice } from './price-book.ts';

/** The price of a server, or why it has none. */
export type ServerMatch = { price: ServerPrice } | { reason: string };

/**
 * The first price that matches. A fact that a price asks for and nobody knows ends the search: a later price could be the
 * wrong one.
 */
export function matchServer(prices: readonly ServerPrice[], flavor: FlavorFacts): ServerMatch {
  for (const price of prices) {
    const unknown = unknownFact(price, flavor);
    if (unknown !== undefined) return { reason: `price "${price.name}" needs ${unknown}` };
    if (matches(price.flavor, flavor)) return { price };
  }
  return { reason: 'no price matches' };
}

/** A fact that decides about the price, and is not known. */
function unknownFact({ flavor: pattern, sum }: ServerPrice, flavor: FlavorFacts): string | undefined {
  const { name, gpu, ...sizes } = pattern;
  if (!matches(sizes, flavor)) return undefined;
  if (name !== undefined && flavor.name === undefined) return 'its name, which is not known';
  if (name !== undefined && !isNamed(name, flavor.name)) return undefined;
  const asksGpus = gpu !== undefined || sum.some(({ per }) => per.gpu !== undefined);
  return asksGpus && flavor.devices === undefined ? 'its GPUs, which are not known' : undefined;
}

function matches({ name, gpu, ...sizes }: FlavorPattern, flavor: FlavorFacts): boolean {
  return (
    (['vcpu', 'mb', 'disk_gb'] as const).every((size) => (sizes[size] ?? flavor[size]) === flavor[size]) &&
    (name === undefined || isNamed(name, flavor.name)) &&
    (gpu === undefined || gpusOf(flavor, gpu) > 0)
  );
}

function isNamed(pattern: string, name = ''): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function gpusOf({ devices = {} }: FlavorFacts, pattern = '*'): number {
  return Object.entries(devices)
    .filter(([device]) => isNamed(pattern, device))
    .reduce((sum, [, count]) => sum + count, 0);
}

/** The units that a server takes, before the factor of a step. */
export function unitsOf({ per, whole_units }: UnitPrice, flavor: FlavorFacts, gpu?: string): Fraction {
  const amounts = { vcpu: flavor.vcpu, mb: flavor.mb, disk_gb: flavor.disk_gb, gpu: gpusOf(flavor, gpu) };
  const shares = SIZES.flatMap((size) => shareOf(amounts[size], per[size]));
  const units = shares.reduce(larger, shares[0] ?? { numerator: 1n, denominator: 1n });
  if (!whole_units) return units;
  return { numerator: (units.numerator + units.denominator - 1n) / units.denominator, denominator: 1n };
}

function shareOf(amount: number, per: number | undefined): Fraction[] {
  return per === undefined ? [] : [{ numerator: BigInt(amount), denominator: BigInt(per) }];
}

function larger(one: Fraction, other: Fraction): Fraction {
  return other.numerator * one.denominator > one.numerator * other.denominator ? other : one;
}

/** The factor of the last step that these units are above. */
export function stepOf({ steps }: UnitPrice, { numerator, denominator }: Fraction) {
  return steps.findLast(({ above }) => numerator > BigInt(above) * denominator);
}

/** How much of a resource a server of the flavor has; undefined if its facts do not tell. */
export function amountOf(flavor: FlavorFacts, resource: string): number | undefined {
  if (resource === 'instance') return 1;
  if (resource === 'gpu') return flavor.devices === undefined ? undefined : gpusOf(flavor);
  return flavor[resource as Exclude<Size, 'gpu'>];
}
