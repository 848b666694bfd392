/** The format of all amounts in a column or on an axis: one unit and one precision. */
export interface AmountScale {
  /** Amounts are divided by this number. */
  divisor: number;
  /** For example `GiB-hours`. */
  unit: string;
  format: (amount: number) => string;
}

const LARGER: Readonly<Record<string, string>> = { 'MiB-hours': 'GiB-hours', 'GiB-hours': 'TiB-hours' };

/** A scale in which `largest`, in `unit`, is easy to read. 1024 MiB-hours are a GiB-hour, 1024 GiB-hours a TiB-hour. */
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

/** An amount with its unit; a dash if it is not known. */
export function amountWords(amount: number | null, unit: string): string {
  if (amount === null) return '–';
  const scale = scaleFor(unit, Math.abs(amount));
  return `${scale.format(amount)} ${scale.unit}`;
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
