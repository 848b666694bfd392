import { anchoredRegex } from './regex.ts';
import type { Labels } from '../sample.ts';
import { NAME_LABEL, type Matcher } from './selectors.ts';

/** True for the series that a selector selects. */
export type SeriesPredicate = (name: string, labels: Labels) => boolean;

/**
 * Compiles a selector once for many series. It selects what Prometheus 3 selects: expressions are RE2, and a missing label
 * counts as empty. With `dotMatchesNewline` false it selects what Prometheus 2 selects.
 */
export function compileSelector(matchers: readonly Matcher[], dotMatchesNewline = true): SeriesPredicate {
  const conditions = matchers.map((matcher) => ({
    label: matcher.label,
    holds: valueTest(matcher, dotMatchesNewline),
  }));
  return (name, labels) => conditions.every(({ label, holds }) => holds(labelValue(label, name, labels)));
}

function labelValue(label: string, name: string, labels: Labels): string {
  if (label === NAME_LABEL) return name;
  return Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';
}

function valueTest({ op, value }: Matcher, dotMatchesNewline: boolean): (text: string) => boolean {
  if (op === '=') return (text) => text === value;
  if (op === '!=') return (text) => text !== value;
  const regex = anchoredRegex(value, dotMatchesNewline);
  return op === '=~' ? (text) => regex.matches(text) : (text) => !regex.matches(text);
}
