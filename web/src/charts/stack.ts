import type { UsageRow } from '../api.ts';
import { worstCoverage, type BucketCoverage } from '../coverage.ts';

/** One layer of stacked bars; null where there is no entry at all. */
export interface Layer {
  key: string;
  label: string;
  values: (number | null)[];
}

/** Stacked bars over the hours or days that begin at `starts`. */
export interface Stack {
  /** Unix milliseconds. */
  starts: number[];
  layers: Layer[];
  /** Of all layers together. */
  totals: (number | null)[];
  coverages: BucketCoverage[];
}

export const OTHER_KEY = '';

export interface LayerRows {
  key: string;
  label: string;
  rows: readonly UsageRow[];
}

/**
 * The layers that were chosen, and what is left of the total as "other". The answers are of slightly different
 * instants, so that a layer may be ahead of the total by what arrived in between: "other" is never negative.
 */
export function stackOf(
  starts: readonly number[],
  totalRows: readonly UsageRow[],
  chosen: readonly LayerRows[],
): Stack {
  const totalOf = amountsByStart(totalRows);
  const layers = chosen.map(({ key, label, rows }) => ({
    key,
    label,
    values: valuesAt(starts, amountsByStart(rows), totalOf),
  }));
  const rest = starts.map((start, index) => remainder(totalOf.get(start), layers, index));
  if (rest.some((value) => value !== null && value > 0))
    layers.push({ key: OTHER_KEY, label: 'Other projects', values: rest });
  return {
    starts: [...starts],
    layers,
    totals: starts.map((start, index) => (totalOf.has(start) ? sumAt(layers, index) : null)),
    coverages: coveragesAt(starts, totalRows),
  };
}

/** A stack of one layer. */
export function singleLayer(
  starts: readonly number[],
  rows: readonly UsageRow[],
  key: string,
  label: string,
): Stack {
  return stackOf(starts, rows, [{ key, label, rows }]);
}

/** Running sums, from the first layer up: what each bar reaches to. */
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

/** A layer without a row used nothing, where there are rows of others. */
function valuesAt(
  starts: readonly number[],
  amounts: Map<number, number>,
  totals: Map<number, number>,
): (number | null)[] {
  return starts.map((start) => amounts.get(start) ?? (totals.has(start) ? 0 : null));
}

function remainder(total: number | undefined, layers: readonly Layer[], index: number): number | null {
  if (total === undefined) return null;
  const rest = total - sumAt(layers, index);
  return rest > total * 1e-9 ? rest : 0;
}

function sumAt(layers: readonly Layer[], index: number): number {
  return layers.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
}

export function coveragesAt(starts: readonly number[], rows: readonly UsageRow[]): BucketCoverage[] {
  const found = new Map<number, BucketCoverage>();
  for (const { start, coverage } of rows) {
    const at = Date.parse(start);
    found.set(at, worstCoverage([found.get(at) ?? 'none', coverage]));
  }
  return starts.map((start) => found.get(start) ?? 'none');
}
