/** The rules that no price can have, because it is linear in time (rule C3): sentences that stand beside the price. */
import type { ServerPrice } from '../charges/price-book.ts';

const ANY_START = 'Its servers cost the same whenever they were started.';
const NO_VOLUME = 'No discount by volume, no minimum, no flat fee.';

export function limitsOfServers({ sum }: ServerPrice): string[] {
  const inSteps = sum.some(({ steps }) => steps.length > 0);
  return [
    sum.some((part) => part.whole_units)
      ? 'Units are rounded up, hours are not.'
      : 'Hours are not rounded up.',
    ...(inSteps ? ['Steps go by the size of each server, not by the sum of usage.'] : []),
    ANY_START,
  ];
}

export const LIMITS_OF_STATES = ['Hours in a state are not rounded up.'];

export const LIMITS_OF_RESOURCES = [NO_VOLUME];

export const LIMITS_OF_FALLBACKS = ['It prices only what no server hours explain.', NO_VOLUME];
