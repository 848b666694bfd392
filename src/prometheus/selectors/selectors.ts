import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { isPlainLabelName } from '../metric-names.ts';
import { MAX_REGEX_COST, regexCost } from './regex-cost.ts';
import { regexProblem } from './regex.ts';
import { quoteLiteral, unquoteLiteral } from './string-literal.ts';

/** The label under which Prometheus keeps a metric's name. */
export const NAME_LABEL = '__name__';

type MatchOp = '=' | '!=' | '=~' | '!~';

/** One condition of a selector. A label that a series does not have counts as empty. */
export interface Matcher {
  readonly label: string;
  readonly op: MatchOp;
  /** A text, or for `=~` and `!~` a regular expression (RE2, anchored at both ends). */
  readonly value: string;
}

/** A text that is not a series selector, or a selector that is too long or too costly. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

/** In UTF-16 code units. */
const MAX_SELECTOR_LENGTH = 2048;

const strictParser = parser.configure({ strict: true });

/**
 * The matchers of a PromQL series selector. A metric name, before the braces or quoted inside them, becomes a matcher of
 * `__name__`. Throws `SelectorError` for offsets, `@`, ranges, functions, operators and comments.
 * `{}` and `{a=""}` are allowed: the caller decides whether a selector may select everything.
 */
export function parseSelector(text: string): Matcher[] {
  const matchers = readSelector(text);
  if (matchers.reduce((cost, matcher) => cost + costOfMatcher(matcher), 0) > MAX_REGEX_COST)
    throw new SelectorError('the regular expressions of a selector are too large');
  for (const matcher of matchers) refuseBadRegex(matcher);
  return matchers;
}

/** Like `parseSelector`, but does not check regular expressions, which cost most of the time. */
export function readSelector(text: string): Matcher[] {
  if (text.length > MAX_SELECTOR_LENGTH)
    throw new SelectorError(`a selector has at most ${MAX_SELECTOR_LENGTH} characters`);
  return matchersOf(vectorSelector(text), text);
}

function vectorSelector(text: string): SyntaxNode {
  const top = parseTree(text).topNode.firstChild;
  if (top?.name !== 'VectorSelector' || top.nextSibling !== null)
    throw new SelectorError('only a series selector is allowed here, such as up or {job="x"}');
  return top;
}

function parseTree(text: string) {
  try {
    return strictParser.parse(text);
  } catch {
    throw new SelectorError('this is not a series selector, such as up or {job="x"}');
  }
}

function matchersOf(selector: SyntaxNode, text: string): Matcher[] {
  const parts = [...children(selector)].flatMap((child) =>
    child.name === 'LabelMatchers' ? [...children(child)] : [child],
  );
  const matchers = parts.map((part) => matcherOf(part, text));
  if (parts.some(isMetricName) && matchers.filter(({ label }) => label === NAME_LABEL).length > 1)
    throw new SelectorError('the metric name is given twice');
  return matchers;
}

function isMetricName(part: SyntaxNode): boolean {
  return part.name === 'Identifier' || part.name === 'QuotedLabelName';
}

function matcherOf(part: SyntaxNode, text: string): Matcher {
  switch (part.name) {
    case 'Identifier':
      return { label: NAME_LABEL, op: '=', value: textOf(part, text) };
    case 'QuotedLabelName':
      return { label: NAME_LABEL, op: '=', value: nonEmpty(stringOf(part.firstChild, text)) };
    case 'UnquotedLabelMatcher':
      return labelMatcher(part, plainLabel(textOf(part.getChild('LabelName'), text)), text);
    case 'QuotedLabelMatcher':
      return labelMatcher(part, nonEmpty(stringOf(part.getChild('QuotedLabelName')?.firstChild, text)), text);
    default:
      throw new SelectorError('a selector has only a metric name and label matchers');
  }
}

function labelMatcher(part: SyntaxNode, label: string, text: string): Matcher {
  const op = textOf(part.getChild('MatchOp'), text);
  if (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~')
    throw new SelectorError(`'${op}' is not an operator for labels`);
  return { label, op, value: stringOf(part.getChild('StringLiteral'), text) };
}

function stringOf(node: SyntaxNode | null | undefined, text: string): string {
  const value = unquoteLiteral(textOf(node, text));
  if (value === undefined) throw new SelectorError('a quoted text has an invalid escape or character');
  return value;
}

function plainLabel(name: string): string {
  if (!isPlainLabelName(name))
    throw new SelectorError('a label name without quotes has only letters, digits and _');
  return name;
}

function nonEmpty(name: string): string {
  if (name === '') throw new SelectorError('a name is empty');
  return name;
}

function textOf(node: SyntaxNode | null | undefined, text: string): string {
  return node ? text.slice(node.from, node.to) : '';
}

function* children(node: SyntaxNode): Generator<SyntaxNode> {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) yield child;
}

/** The cost of a matcher's regular expression; 0 if it has none. */
export function costOfMatcher({ op, value }: Matcher): number {
  return op === '=~' || op === '!~' ? regexCost(value) : 0;
}

/** Throws `SelectorError` if the regular expression is too large or Prometheus would refuse it. */
export function refuseBadRegex({ label, op, value }: Matcher): void {
  if (op !== '=~' && op !== '!~') return;
  const problem = regexProblem(value);
  if (problem !== undefined) throw new SelectorError(`the regular expression for '${label}' ${problem}`);
}

/** A selector that every Prometheus reads: all matchers in braces, label names in quotes only if necessary. */
export function formatSelector(matchers: readonly Matcher[]): string {
  const parts = matchers.map(
    ({ label, op, value }) =>
      `${isPlainLabelName(label) ? label : quoteLiteral(label)}${op}${quoteLiteral(value)}`,
  );
  return `{${parts.join(',')}}`;
}
