import type { CorrectionRow } from '../../../src/portal/api/shapes/quality/answers.ts';
import { dayMonthYear, plural } from '../format.ts';
import { bucketEnd, type Span } from '../period.ts';
import { changeOf } from '../periods/change.ts';
import { localOf } from '../periods/zone.ts';

/** The corrections of a resource in each hour, day or month of a span. */
export function correctionsByBucket(
  span: Span,
  resource: string,
  rows: readonly CorrectionRow[],
): CorrectionRow[][] {
  const its = rows.filter((row) => row.resource === resource);
  return span.starts.map((startMs, index) =>
    its.filter(({ start }) => Date.parse(start) >= startMs && Date.parse(start) < bucketEnd(span, index)),
  );
}

/** What changed in an hour, or in a longer time as a number and a sum; empty without corrections. */
export function correctionWords(
  rows: readonly CorrectionRow[],
  { step, period }: Span,
  format: (amount: number) => string,
): string {
  const latest = rows.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);
  if (latest === undefined) return '';
  const { before, after, reason } = latest;
  const day = `on ${dayMonthYear(localOf(period.zone, Date.parse(latest.at)))}`;
  if (rows.length === 1 && step === 'hour' && before !== null && after !== null)
    return `corrected ${day} from ${format(before)} to ${format(after)}: ${reason}`;
  const number = `${plural(rows.length, 'correction')}${sumWords(rows, format)}`;
  return `${number}, ${rows.length > 1 ? 'the last one ' : ''}${day}: ${reason}`;
}

/** Empty if the portal does not keep all these hours any more. */
function sumWords(rows: readonly CorrectionRow[], format: (amount: number) => string): string {
  const kept = rows.filter(({ before, after }) => before !== null && after !== null);
  if (kept.length < rows.length) return '';
  const sum = (amounts: (number | null)[]) => amounts.reduce<number>((total, one) => total + (one ?? 0), 0);
  const change = changeOf(sum(kept.map(({ after }) => after)), sum(kept.map(({ before }) => before)), format);
  return `${rows.length > 1 ? ', together ' : ', '}${change.amount}`;
}
