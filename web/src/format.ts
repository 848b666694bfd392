/** Texts for times and numbers: times as a clock of UTC shows them, dates and numbers in the reader's language. */

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

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

/** `22 Nov 14:00–15:00` for an hour, `22 Nov 2026` for a day, `Nov 2026` for a month. */
export function bucketLabel(startMs: number, step: 'hour' | 'day' | 'month'): string {
  if (step === 'month') return monthAndYear(startMs);
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
export function duration(spanMs: number): string {
  if (spanMs < MINUTE_MS) return `${Math.floor(spanMs / SECOND_MS)} s`;
  if (spanMs < HOUR_MS) return `${Math.floor(spanMs / MINUTE_MS)} min`;
  if (spanMs < 2 * DAY_MS) return `${Math.floor(spanMs / HOUR_MS)} h`;
  return `${Math.floor(spanMs / DAY_MS)} d`;
}

/** The formats of a language. English dates begin with the day, as in the texts of the pages. */
export function formatsOf(language: string) {
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const ofDates = /^en\b/.test(language) ? 'en-GB' : language;
    const format = new Intl.DateTimeFormat(ofDates, { ...options, timeZone: 'UTC' });
    return (atMs: number) => format.format(atMs);
  };
  const numbers = (options: Intl.NumberFormatOptions) => {
    const format = new Intl.NumberFormat(language, options);
    return (value: number) => format.format(value);
  };
  const percentage = numbers({ style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
  return {
    /** `22 Nov`. */
    dayAndMonth: dates({ day: 'numeric', month: 'short' }),
    /** `Nov 2026`. */
    monthAndYear: dates({ month: 'short', year: 'numeric' }),
    /** `22 Nov 2026`. */
    dayMonthYear: dates({ day: 'numeric', month: 'short', year: 'numeric' }),
    count: numbers({ maximumFractionDigits: 0 }),
    exact: numbers({ maximumFractionDigits: 9 }),
    /** A decimal as text, with all its places: no float holds some of them. */
    decimal: (text: string) => {
      const places = text.split('.')[1]?.length ?? 0;
      const format = new Intl.NumberFormat(language, {
        minimumFractionDigits: places,
        maximumFractionDigits: places,
      });
      return format.format(text as `${number}`);
    },
    /** `4.2%`; a dash if the whole is zero. */
    share: (part: number, whole: number) => (whole > 0 ? percentage(part / whole) : '–'),
  };
}

export const { dayAndMonth, monthAndYear, dayMonthYear, count, exact, decimal, share } = formatsOf(
  new Intl.NumberFormat().resolvedOptions().locale,
);

/** `1 hour`, `2 hours`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
