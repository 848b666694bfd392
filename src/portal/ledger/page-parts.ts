import type { UsageStep } from './ledger.ts';
import { stepEnd, stepStart, type HourRange } from './steps.ts';
import type { Zone } from './zone.ts';

/** Divides an answer into parts for its pages. Its units are steps, or projects within a step. */
export class PageParts {
  readonly #limit: number;
  #rowsOfUnit: number;
  #most: number;

  /** `rowsOfUnit` is an upper bound. */
  constructor(limit: number, rowsOfUnit: number) {
    this.#limit = limit;
    this.#rowsOfUnit = Math.max(rowsOfUnit, 1);
    this.#most = Math.max(1, Math.floor((limit + 1) / this.#rowsOfUnit));
  }

  /** How many units to sum next for a page that has `rows` rows so far: enough to fill it, but not many more. */
  next(rows: number): number {
    const wanted = Math.ceil((this.#limit + 1 - rows) / this.#rowsOfUnit);
    return Math.min(Math.max(wanted, 1), this.#most);
  }

  /** Learns that `units` had `rows` rows. A part has at most four times as many units as the one before. */
  had(units: number, rows: number): void {
    this.#rowsOfUnit = Math.max(rows / units, 1 / 4 / units);
    this.#most = 4 * units;
  }
}

/** The next `steps` steps of a range. They reach to its end if there is no later data. */
export function nextSteps(
  step: UsageStep,
  range: HourRange,
  steps: number,
  known: HourRange | undefined,
  zone?: Zone,
): HourRange {
  let toHour = range.fromHour;
  for (let count = 0; count < steps && toHour < range.toHour; count += 1)
    toHour = stepEnd(step, toHour, range, zone);
  return { ...range, toHour: known === undefined || toHour >= known.toHour ? range.toHour : toHour };
}

/** The start of the first step that can have data. */
export function firstStep(
  step: UsageStep,
  range: HourRange,
  known: HourRange | undefined,
  zone?: Zone,
): number {
  if (known === undefined || known.fromHour <= range.fromHour) return range.fromHour;
  return Math.max(range.fromHour, stepStart(step, Math.min(known.fromHour, range.toHour - 1), range, zone));
}
