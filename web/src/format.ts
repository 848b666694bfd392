/** Texts for times and numbers: times in UTC, numbers in the reader's language. */

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-11-22T14:00:00Z`, the format of the API. */
export function isoInstant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

/** `2026-11-22 14:03:12 UTC`: exact, and the same in every language. */
export function exactInstant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `14:03`. */
export function clockTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 16);
}

/** `22 Nov`. */
export function dayAndMonth(atMs: number): string {
  const date = new Date(atMs);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

/** `Nov 2026`. */
export function monthAndYear(atMs: number): string {
  const date = new Date(atMs);
  return `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** `22 Nov 2026`. */
export function dayMonthYear(atMs: number): string {
  return `${dayAndMonth(atMs)} ${new Date(atMs).getUTCFullYear()}`;
}

/** `22 Nov 14:00–15:00` for an hour, `22 Nov 2026` for a day. */
export function bucketLabel(startMs: number, step: 'hour' | 'day'): string {
  if (step === 'day') return dayMonthYear(startMs);
  return `${dayAndMonth(startMs)} ${clockTime(startMs)}–${clockTime(startMs + HOUR_MS)}`;
}

/** `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`; `in 3 min` for an instant more than five seconds ahead. */
export function age(atMs: number, nowMs: number): string {
  const passedMs = nowMs - atMs;
  if (passedMs < -5 * SECOND_MS) return `in ${duration(-passedMs)}`;
  return passedMs < SECOND_MS ? 'just now' : `${duration(passedMs)} ago`;
}

/** The duration in its largest whole unit, rounded down. */
function duration(spanMs: number): string {
  if (spanMs < MINUTE_MS) return `${Math.floor(spanMs / SECOND_MS)} s`;
  if (spanMs < HOUR_MS) return `${Math.floor(spanMs / MINUTE_MS)} min`;
  if (spanMs < 2 * DAY_MS) return `${Math.floor(spanMs / HOUR_MS)} h`;
  return `${Math.floor(spanMs / DAY_MS)} d`;
}

const wholeNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const exactNumber = new Intl.NumberFormat(undefined, { maximumFractionDigits: 9 });
const percentage = new Intl.NumberFormat(undefined, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

export function count(value: number): string {
  return wholeNumber.format(value);
}

export function exact(value: number): string {
  return exactNumber.format(value);
}

/** `4.2%`; a dash if the whole is zero. */
export function share(part: number, whole: number): string {
  return whole > 0 ? percentage.format(part / whole) : '–';
}

/** `1 hour`, `2 hours`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
