/** How amounts of a column or an axis are shown: one unit and one precision for all of it. */
export interface AmountScale {
  /** What amounts are divided by. */
  divisor: number;
  /** Such as `GiB-hours`. */
  unit: string;
  format: (amount: number) => string;
}

const LARGER: Readonly<Record<string, string>> = { 'MiB-hours': 'GiB-hours', 'GiB-hours': 'TiB-hours' };

/** The scale in which `largest`, in `unit`, reads well: MiB-hours become GiB-hours and TiB-hours by 1024s. */
export function scaleFor(unit: string, largest: number): AmountScale {
  const { divisor, scaledUnit } = enlarge(unit, largest);
  const digits = digitsFor(largest / divisor);
  const number = new Intl.NumberFormat(undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const smallest = 10 ** -digits;
  const format = (amount: number) => {
    const scaled = amount / divisor;
    return scaled > 0 && scaled < smallest / 2 ? `<\u202f${number.format(smallest)}` : number.format(scaled);
  };
  return { divisor, unit: scaledUnit, format };
}

function enlarge(unit: string, largest: number): { divisor: number; scaledUnit: string } {
  const larger = LARGER[unit];
  if (larger === undefined || largest < 1024) return { divisor: 1, scaledUnit: unit };
  const next = enlarge(larger, largest / 1024);
  return { divisor: next.divisor * 1024, scaledUnit: next.scaledUnit };
}

function digitsFor(largest: number): number {
  if (largest >= 10_000) return 0;
  return largest >= 100 ? 1 : 2;
}
