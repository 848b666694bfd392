import { anchoredRegex } from '../prometheus/selectors/regex.ts';
import { type Matcher, NAME_LABEL, parseSelector, SelectorError } from '../prometheus/selectors/selectors.ts';
import { SERVER_METRICS } from '../prometheus/usage-metrics.ts';
import { PROJECT_ID, PROJECT_NAME } from './answers/label-rewriting.ts';

export type Selector = readonly Matcher[];

/** The series that may leave the site: each is selected by at least one of these selectors. */
export interface Policy {
  readonly allowed: readonly Selector[];
  /** Labels that are dropped or hashed. A client must not find out their values by asking for them. */
  readonly hidden?: readonly string[];
}

export type Decision = { allowed: true; forwarded: readonly Selector[] } | { allowed: false; reason: string };

/** Rule G5: these conditions leave out the metrics of server hours. */
const WITHOUT_SERVER_HOURS: Selector = Object.values(SERVER_METRICS).map((value): Matcher => ({
  label: NAME_LABEL,
  op: '!=',
  value,
}));

/** Reads the selectors of a policy. Throws `SelectorError`, which quotes the wrong selector. */
export function parsePolicy(selectors: readonly string[], hidden: readonly string[] = []): Policy {
  if (selectors.length === 0)
    throw new SelectorError('there is no selector, so no series could leave the site');
  return { allowed: selectors.map(parseAllowed), hidden };
}

function parseAllowed(text: string): Selector {
  const selector = parsed(text);
  if (selector.every((matcher) => satisfies('', matcher)))
    throw new SelectorError(
      `${text} selects series without any of its labels, so all series could leave the site`,
    );
  return namesMetric(selector) ? selector : [...selector, ...WITHOUT_SERVER_HOURS];
}

/** True if the selector selects one metric only, by an equality. */
function namesMetric(selector: Selector): boolean {
  return selector.some(({ label, op }) => label === NAME_LABEL && op === '=');
}

/** True if an allowed selector names the usage of server hours, so that they may leave. */
export function givesServerHours({ allowed }: Policy): boolean {
  const named: Matcher = { label: NAME_LABEL, op: '=', value: SERVER_METRICS.usage };
  return allowed.some((selector) => selector.some((matcher) => isSame(matcher, named)));
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
 * Rules G1 and G2: a request is allowed if it is proven, for each of its selectors, that an allowed selector selects every
 * series that the request's selector selects. The gate forwards the conjunction of both selectors, so that a fault in the proof
 * opens nothing.
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

/**
 * True if it is proven that `allowed` selects every series that `selector` selects, except server hours. The conjunction
 * leaves server hours out (rule G5). A selector that names them is not allowed.
 */
function implies(selector: Selector, allowed: Selector): boolean {
  return allowed.every(
    (wanted) =>
      selector.some((given) => impliesMatcher(given, wanted)) ||
      (leavesOutServerHours(wanted) && !selector.some((given) => isSame(given, { ...wanted, op: '=' }))),
  );
}

function leavesOutServerHours(matcher: Matcher): boolean {
  return WITHOUT_SERVER_HOURS.some((own) => isSame(own, matcher));
}

/** True if `selector` has a condition on a hidden label that the policy itself does not have. */
function asksForHidden(selector: Selector, allowed: Selector, hidden: readonly string[]): boolean {
  return selector.some((given) => isHidden(given, hidden) && !allowed.some((own) => isSame(given, own)));
}

/** A condition on the id of a pool's part, `POOL/NAME`, is also a condition on a name. */
function isHidden({ label, op, value }: Matcher, hidden: readonly string[]): boolean {
  if (label !== PROJECT_ID || !hidden.includes(PROJECT_NAME)) return hidden.includes(label);
  return op !== '=' || value.includes('/') || hidden.includes(label);
}

/** True for the same condition, or an equality whose value meets the wanted condition. No other implication is proven. */
function impliesMatcher(given: Matcher, wanted: Matcher): boolean {
  return (
    isSame(given, wanted) ||
    (given.label === wanted.label && given.op === '=' && satisfies(given.value, wanted))
  );
}

/**
 * True if a label with this value meets the condition, in the regular expressions of both Prometheus 2 and Prometheus
 * 3.
 */
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
