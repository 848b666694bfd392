import { costOfMatcher, type Matcher } from '../../prometheus/selectors/selectors.ts';
import type { Policy, Selector } from '../policy.ts';
import { Refusal } from '../refusal.ts';

const MAX_MATCHERS = 50;
/**
 * Milliseconds of work. In one millisecond the gate parses about a hundred parts of regular expressions, or does the
 * steps below.
 */
const MAX_COST = 4096;
const COMPARISONS_A_COST = 256;
const CHARACTERS_A_COST = 32;
/** The cost of a usual request. */
const COST_OF_A_REQUEST = 128;

/**
 * How many additional requests a request counts for. The number grows with the work to parse its regular expressions and to
 * compare them with the policy. Throws `Refusal` where the work is too much. This estimate itself is cheap.
 */
export function extraRequests(selectors: readonly Selector[], { allowed }: Policy): number {
  if (selectors.some(({ length }) => length > MAX_MATCHERS))
    throw new Refusal(400, `a selector has at most ${MAX_MATCHERS} matchers`);
  const wanted = allowed.flat();
  const expressions = new Set(wanted.filter(({ op }) => op.endsWith('~')).map(({ value }) => value)).size;
  const costOf = (matcher: Matcher) =>
    costOfMatcher(matcher) +
    wanted.length / COMPARISONS_A_COST +
    (matcher.value.length * expressions) / CHARACTERS_A_COST;
  const cost = selectors.flat().reduce((sum, matcher) => sum + costOf(matcher), 0);
  if (cost > MAX_COST)
    throw new Refusal(400, 'this asks for too much: use fewer or smaller regular expressions');
  return Math.floor(cost / COST_OF_A_REQUEST);
}
