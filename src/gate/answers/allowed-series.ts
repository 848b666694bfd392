import { compileSelector, type SeriesPredicate } from '../../prometheus/selectors/selector-matching.ts';
import { NAME_LABEL } from '../../prometheus/selectors/selectors.ts';
import type { Selector } from '../policy.ts';

/** True for a series that a selector selects, with the meaning of `.` in Prometheus 3 or in Prometheus 2. */
export function seriesTest(allowed: readonly Selector[]): SeriesPredicate {
  const tests = allowed.flatMap((selector) => [compileSelector(selector), compileSelector(selector, false)]);
  return (name, labels) => tests.some((selects) => selects(name, labels));
}

/** True for a metric name that the conditions of a selector on names allow. */
export function nameTest(allowed: readonly Selector[]): (name: string) => boolean {
  const names = allowed.map((selector) => selector.filter(({ label }) => label === NAME_LABEL));
  const isAllowed = seriesTest(names);
  return (name) => isAllowed(name, {});
}
