import type { FlavorFacts } from '../../../prometheus/flavor-facts.ts';
import { unitOfResource } from '../../../prometheus/usage-metrics.ts';
import { scaled, shortText } from './fraction.ts';
import {
  SIZES,
  type BookVersion,
  type ResourcePrice,
  type ServerPrice,
  type UnitPrice,
} from './price-book.ts';
import { stepOf, unitsOf } from './server-units.ts';
import { PLACES, type Denominators } from './units.ts';

/** The summed usage of one line. */
export interface LineUsage {
  site: string;
  resource: string;
  flavor?: string | undefined;
  state?: string | undefined;
  amountMs: bigint;
}

/** Usage × one price. */
export interface ChargeLine extends LineUsage {
  /** When the version of the book begins. */
  from: string;
  price: ServerPrice | ResourcePrice;
  /** Units × factors for each amount; a numerator. */
  quantity: bigint;
  /** How the price applies: `28 vcpu × 2 (above 2) at 1`. */
  why: string;
  /** A numerator. */
  charge: bigint;
}

/** A line for each part of a server's price. */
export function serverLines(
  version: BookVersion,
  price: ServerPrice,
  { facts, ...usage }: LineUsage & { facts: FlavorFacts },
  denominators: Denominators,
): ChargeLine[] {
  const factor = stateFactor(version, usage.state ?? '');
  return price.sum.map((part) => {
    const units = unitsOf(part, facts, price.flavor.gpu);
    const step = stepOf(part, units);
    const quantity =
      ((units.numerator * denominators.unit) / units.denominator) *
      scaled(step?.factor ?? '1', PLACES.factor) *
      scaled(factor, PLACES.factor);
    const why = [
      `${shortText(units)} ${unitWords(part.per)}`,
      ...(step === undefined ? [] : [`× ${step.factor} (above ${step.above})`]),
      ...(factor === '1' ? [] : [`× ${factor} (${usage.state})`]),
      `at ${part.price}`,
    ].join(' ');
    return lineOf(version, price, usage, { quantity, why, decimal: part.price });
  });
}

export function resourceLine(
  version: BookVersion,
  price: ResourcePrice,
  isFallback: boolean,
  usage: LineUsage,
  { quantity: ofOne }: Denominators,
): ChargeLine {
  const unit = unitOfResource(usage.resource);
  const per = price.per === 1 ? unit : `${price.per} ${unit}`;
  return lineOf(version, price, usage, {
    quantity: ofOne / BigInt(price.per),
    why: `${price.price} for each of ${per}${isFallback ? ', without server hours' : ''}`,
    decimal: price.price,
  });
}

function lineOf(
  { from }: BookVersion,
  price: ServerPrice | ResourcePrice,
  usage: LineUsage,
  { quantity, why, decimal }: { quantity: bigint; why: string; decimal: string },
): ChargeLine {
  const chargeOfLine = quantity * usage.amountMs * scaled(decimal, PLACES.price);
  return { ...usage, from, price, quantity, why, charge: chargeOfLine };
}

/** A state may have a name that every object has, such as `constructor`. */
function stateFactor({ states }: BookVersion, state: string): string {
  return (Object.hasOwn(states, state) ? states[state] : undefined) ?? '1';
}

/** `vcpu`, `× 1024 mb`, `× (1 vcpu or 4096 mb)`, `server`. */
function unitWords(per: UnitPrice['per']): string {
  const sizes = SIZES.flatMap((size) => (per[size] === undefined ? [] : [{ size, amount: per[size] }]));
  const [first] = sizes;
  if (first === undefined) return 'server';
  if (sizes.length > 1) return `× (${sizes.map(({ size, amount }) => `${amount} ${size}`).join(' or ')})`;
  return first.amount === 1 ? first.size : `× ${first.amount} ${first.size}`;
}
