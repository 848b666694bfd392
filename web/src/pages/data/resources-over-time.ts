import type { Api, CoverageQuestion, UsageRow } from '../../api.ts';
import {
  coveragesAt,
  stackOf,
  type CoverageWithoutRow,
  type LayerRows,
  type Stack,
} from '../../charts/stack.ts';
import { coverageByStart, type BucketCoverage } from '../../coverage.ts';
import { boundsOf, spanBefore, type Span } from '../../period.ts';
import { compareResources, resourceLabel, withoutServerHours } from '../../resources.ts';
import { grouped } from './grouped.ts';

/** One resource over time. */
export interface ResourceUsage {
  resource: string;
  unit: string;
  total: number;
  stack: Stack;
}

/** Usage of several resources over one span. */
export interface ResourcesOverTime {
  span: Span;
  resources: ResourceUsage[];
  /** The coverage of each hour, day or month, over all resources. */
  coverages: BucketCoverage[];
}

/** Usage and that of the time before, if the period asks for it. */
export interface ComparedResources extends ResourcesOverTime {
  earlier: ResourcesOverTime | undefined;
}

/** The usage of the time that a span is compared with; undefined without a comparison. */
export async function loadEarlier(
  api: Api,
  span: Span,
  of: Pick<CoverageQuestion, 'site' | 'projectId' | 'grant'>,
  signal: AbortSignal,
): Promise<ResourcesOverTime | undefined> {
  const earlier = spanBefore(span, api.nowMs());
  if (earlier === undefined) return undefined;
  const question = { ...boundsOf(earlier), ...of, step: earlier.step };
  const [all, known] = await Promise.all([
    api.usage({ ...question, by: ['resource'] }, signal),
    api.coverage(question, signal),
  ]);
  const rows = withoutServerHours(all);
  const withoutRow = coverageByStart(known);
  return {
    span: earlier,
    resources: resourceUsages(earlier.starts, rows, withoutRow),
    coverages: coveragesAt(earlier.starts, rows, withoutRow),
  };
}

/** A stack for each resource, with one layer or with the layers of `layersOf`. */
export function resourceUsages(
  starts: readonly number[],
  rows: readonly UsageRow[],
  withoutRow: CoverageWithoutRow,
  layersOf: (resource: string, rows: readonly UsageRow[]) => LayerRows[] = oneLayer,
): ResourceUsage[] {
  return [...grouped(rows, ({ resource = '' }) => resource)]
    .sort(([a], [b]) => compareResources(a, b))
    .map(([resource, ofResource]) => ({
      resource,
      unit: ofResource[0]?.unit ?? '',
      total: ofResource.reduce((sum, { amount }) => sum + amount, 0),
      stack: stackOf(starts, ofResource, layersOf(resource, ofResource), withoutRow),
    }));
}

function oneLayer(resource: string, rows: readonly UsageRow[]): LayerRows[] {
  return [{ key: resource, label: resourceLabel(resource), rows }];
}

/** The usage of one resource in the time before. */
export function earlierOf(
  earlier: ResourcesOverTime | undefined,
  resource: string | undefined,
): ResourceUsage | undefined {
  return earlier?.resources.find((usage) => usage.resource === resource);
}
