import { anchoredRegex } from '../prometheus/selectors/regex.ts';
import { type Matcher, parseSelector, SelectorError } from '../prometheus/selectors/selectors.ts';
import { PROJECT_ID, PROJECT_NAME } from './answers/label-rewriting.ts';

export type Selector = readonly Matcher[];

/** What may leave the site: the series that any one of these selectors selects. */
export interface Policy {
  readonly allowed: readonly Selector[];
  /** Labels that are dropped or hashed: a client must not find their values out by asking for them. */
  readonly hidden?: readonly string[];
}

export type Decision = { allowed: true; forwarded: readonly Selector[] } | { allowed: false; reason: string };

/** Reads the selectors of a policy; throws `SelectorError` that quotes the one that is wrong. */
export function parsePolicy(selectors: readonly string[], hidden: readonly string[] = []): Policy {
  if (selectors.length === 0) throw new SelectorError('there is no selector: nothing could be given out');
  return { allowed: selectors.map(parseAllowed), hidden };
}

function parseAllowed(text: string): Selector {
  const selector = parsed(text);
  if (selector.every((matcher) => satisfies('', matcher)))
    throw new SelectorError(
      `${text} selects series that have none of its labels: it would give out everything`,
    );
  return selector;
}

function parsed(text: string): Selector {
  try {
    return parseSelector(text);
  } catch (error) {
    if (error instanceof SelectorError)
      throw new SelectorError(`${text}: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Rules G1 and G2: a request is allowed if each of its selectors is proven to select nothing that an allowed one does
 * not select. What is forwarded is the conjunction of both, so that a fault in the proof opens nothing.
 */
export function decide(requested: readonly Selector[], policy: Policy): Decision {
  const forwarded: Selector[] = [];
  for (const [index, selector] of requested.entries()) {
    const allowed = policy.allowed.find(
      (candidate) => implies(selector, candidate) && !asksForHidden(selector, candidate, policy.hidden ?? []),
    );
    if (allowed === undefined)
      return { allowed: false, reason: `selector ${index + 1} is not within what this gate gives out` };
    forwarded.push(conjunction(selector, allowed));
  }
  return { allowed: true, forwarded };
}

/** True if it is proven that every series that `selector` selects is also selected by `allowed`. */
function implies(selector: Selector, allowed: Selector): boolean {
  return allowed.every((wanted) => selector.some((given) => impliesMatcher(given, wanted)));
}

/** True for a condition on a hidden label that the policy does not make itself. */
function asksForHidden(selector: Selector, allowed: Selector, hidden: readonly string[]): boolean {
  return selector.some((given) => isHidden(given, hidden) && !allowed.some((own) => isSame(given, own)));
}

/** An id of a pool's part, `POOL/NAME`, asks for a name as well. */
function isHidden({ label, op, value }: Matcher, hidden: readonly string[]): boolean {
  if (label !== PROJECT_ID || !hidden.includes(PROJECT_NAME)) return hidden.includes(label);
  return op !== '=' || value.includes('/') || hidden.includes(label);
}

/** The same condition, or an equality whose value meets the wanted one. Anything else is not proven. */
function impliesMatcher(given: Matcher, wanted: Matcher): boolean {
  return (
    isSame(given, wanted) ||
    (given.label === wanted.label && given.op === '=' && satisfies(given.value, wanted))
  );
}

/** True if a label with this value meets the condition, by the regular expressions of Prometheus 2 and of 3. */
function satisfies(value: string, { op, value: wanted }: Matcher): boolean {
  if (op === '=') return value === wanted;
  if (op === '!=') return value !== wanted;
  const matches = [true, false].map((dotMatchesNewline) =>
    anchoredRegex(wanted, dotMatchesNewline).matches(value),
  );
  return op === '=~' ? matches.every(Boolean) : !matches.some(Boolean);
}

function conjunction(selector: Selector, allowed: Selector): Selector {
  const all = [...selector, ...allowed];
  return all.filter((matcher, index) => all.findIndex((other) => isSame(other, matcher)) === index);
}

function isSame(a: Matcher, b: Matcher): boolean {
  return a.label === b.label && a.op === b.op && a.value === b.value;
}
