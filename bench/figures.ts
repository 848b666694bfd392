import { appendFileSync } from 'node:fs';

/** One measured figure. Its values are the turns of one run, in which a peer took the same turns. */
export interface Figure {
  /** Its subject, such as `a federation of 20,000 series as gzip`. */
  name: string;
  /** Rates end in `/s`: more is better. Less of all other units is better. */
  unit: 'ms of CPU' | 'ms' | 'MB' | 'GB' | 'samples/s' | 'denials/s of CPU';
  values: readonly number[];
  /** The same figure of another program. */
  peer?: { name: string; values: readonly number[] } | undefined;
  /** The ratio to the peer that is aimed at: the largest one, or the least one of a rate. Without a peer, the value itself. */
  goal?: number;
  /** The place of the figure on a curve. */
  curve?: { name: string; size: number; of: string };
}

/** The file into which `npm run bench` gathers the figures of its benchmarks. */
export const FIGURES_FILE = 'STACKMETER_BENCH_FIGURES';

/** Hands a figure to `npm run bench`. A benchmark that runs by itself only prints. */
export function record(figure: Figure): void {
  const file = process.env[FIGURES_FILE];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(figure)}\n`);
}

export interface Spread {
  median: number;
  least: number;
  greatest: number;
}

/** The median is the lower one of two values in the middle. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  return {
    median: sorted[(sorted.length - 1) >> 1] ?? Number.NaN,
    least: sorted[0] ?? Number.NaN,
    greatest: sorted.at(-1) ?? Number.NaN,
  };
}

/** The ratio to the peer, turn by turn if both took as many turns, and else of the medians. Undefined without a peer. */
export function ratioOf({ values, peer }: Figure): Spread | undefined {
  if (peer === undefined) return undefined;
  if (peer.values.length === values.length)
    return spreadOf(values.map((value, turn) => value / (peer.values[turn] ?? Number.NaN)));
  const ratio = spreadOf(values).median / spreadOf(peer.values).median;
  return { median: ratio, least: ratio, greatest: ratio };
}

/** Whether a figure reaches its goal; undefined without one. */
export function reachesGoal(figure: Figure): boolean | undefined {
  if (figure.goal === undefined) return undefined;
  const value = (ratioOf(figure) ?? spreadOf(figure.values)).median;
  return figure.unit.includes('/s') ? value >= figure.goal : value <= figure.goal;
}
