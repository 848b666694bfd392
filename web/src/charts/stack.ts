import type { UsageRow } from '../api.ts';
import { worstCoverage, type BucketCoverage } from '../coverage.ts';

/** One layer of stacked bars. A value is null if nothing is known. */
export interface Layer {
  key: string;
  label: string;
  values: (number | null)[];
}

/** Stacked bars for the hours or days that start at `starts`. */
export interface Stack {
  /** Unix milliseconds. */
  starts: number[];
  layers: Layer[];
  /** The sums of all layers. */
  totals: (number | null)[];
  coverages: BucketCoverage[];
}

export const OTHER_KEY = '';

export interface LayerRows {
  key: string;
  label: string;
  rows: readonly UsageRow[];
}

/** The coverage of an hour or day that has no row. */
export type CoverageWithoutRow = (startMs: number) => BucketCoverage;

/**
 * Stacks the chosen layers, and the rest of the total as "other". The answers are read at slightly different instants, so
 * a layer can be ahead of the total; "other" is never negative.
 */
export function stackOf(
  starts: readonly number[],
  totalRows: readonly UsageRow[],
  chosen: readonly LayerRows[],
  withoutRow: CoverageWithoutRow,
): Stack {
  const coverages = coveragesAt(starts, totalRows, withoutRow);
  const totals = knownAmounts(starts, totalRows, coverages);
  const layers = chosen.map(({ key, label, rows }) => ({
    key,
    label,
    values: layerValues(starts, rows, totals),
  }));
  const rest = totals.map((total, index) => remainder(total, layers, index));
  if (rest.some((value) => value !== null && value > 0))
    layers.push({ key: OTHER_KEY, label: 'Others', values: rest });
  return {
    starts: [...starts],
    layers,
    totals: totals.map((total, index) => (total === null ? null : sumAt(layers, index))),
    coverages,
  };
}

/** Running sums from the first layer up: the tops of the bars. */
export function cumulated(layers: readonly Layer[]): (number | null)[][] {
  let below: (number | null)[] | undefined;
  return layers.map(({ values }) => {
    const base = below;
    const heights = values.map((value, index) => (value === null ? null : value + (base?.[index] ?? 0)));
    below = heights;
    return heights;
  });
}

function amountsByStart(rows: readonly UsageRow[]): Map<number, number> {
  const amounts = new Map<number, number>();
  for (const { start, amount } of rows)
    amounts.set(Date.parse(start), (amounts.get(Date.parse(start)) ?? 0) + amount);
  return amounts;
}

/** Amounts by start; null if nothing is known. A step between readings without a row has no usage. */
function knownAmounts(
  starts: readonly number[],
  rows: readonly UsageRow[],
  coverages: readonly BucketCoverage[],
): (number | null)[] {
  const amounts = amountsByStart(rows);
  return starts.map((start, index) => amounts.get(start) ?? (isBetweenReadings(coverages[index]) ? 0 : null));
}

function isBetweenReadings(coverage: BucketCoverage | undefined): boolean {
  return coverage === 'measured' || coverage === 'spread';
}

/** The values of a layer. A step without a row is zero if the total is known. */
function layerValues(
  starts: readonly number[],
  rows: readonly UsageRow[],
  totals: readonly (number | null)[],
): (number | null)[] {
  const amounts = amountsByStart(rows);
  return starts.map((start, index) => amounts.get(start) ?? (totals[index] === null ? null : 0));
}

function remainder(total: number | null, layers: readonly Layer[], index: number): number | null {
  if (total === null) return null;
  const rest = total - sumAt(layers, index);
  return rest > total * 1e-9 ? rest : 0;
}

function sumAt(layers: readonly Layer[], index: number): number {
  return layers.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
}

export function coveragesAt(
  starts: readonly number[],
  rows: readonly UsageRow[],
  withoutRow: CoverageWithoutRow,
): BucketCoverage[] {
  const found = new Map<number, BucketCoverage>();
  for (const { start, coverage } of rows) {
    const at = Date.parse(start);
    found.set(at, worstCoverage([found.get(at) ?? 'none', coverage]));
  }
  return starts.map((start) => found.get(start) ?? withoutRow(start));
}
