import { novaBadRequest, novaCrash } from './nova-errors.ts';

const FORM = /^(\d{4})-(\d{1,2})-(\d{1,2})(T|\s)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?$/;

/**
 * An instant of a usage request in Unix milliseconds. The text is UTC: `2026-11-22T13:54:57` with or without a fraction,
 * or with a space and a fraction. Like Nova, refuses a date without a time, `Z` and offsets with 400.
 */
export function parseNovaTime(text: string): number {
  const parts = FORM.exec(text);
  if (parts === null || (parts[4] !== 'T' && parts[8] === undefined)) throw invalidTime();
  const [year, month, day, hour, minute, second] = [1, 2, 3, 5, 6, 7].map((index) => Number(parts[index]));
  if (year === 1) throw novaCrash('ValueError');
  const fractionMs = Math.floor(Number(`0.${parts[8] ?? '0'}`) * 1000 + 1e-6);
  const seconds = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}`;
  const instantMs = Date.parse(`${seconds}Z`);
  // JavaScript reads 30 February as a day in March, so the result must format as the same text.
  if (Number.isNaN(instantMs) || new Date(instantMs).toISOString().slice(0, 19) !== seconds)
    throw invalidTime();
  return instantMs + fractionMs;
}

function pad(value: number | undefined, digits = 2): string {
  return String(value).padStart(digits, '0');
}

function invalidTime() {
  return novaBadRequest('Invalid datetime string: Datetime is in invalid format');
}

export interface UsageWindow {
  startMs: number;
  endMs: number;
}

/** The window of a usage request. Start and end default to now, and an end in the future becomes now. */
export function parseWindow(query: URLSearchParams, nowMs: number): UsageWindow {
  const start = query.get('start');
  const end = query.get('end');
  const startMs = start === null || start === '' ? nowMs : parseNovaTime(start);
  const endMs = end === null || end === '' ? nowMs : parseNovaTime(end);
  // Without a window Nova reads its clock twice, a microsecond apart, so the start is before the end.
  const bothNow = !start && !end;
  if (startMs >= endMs && !bothNow)
    throw novaBadRequest('Invalid start time. The start time cannot occur after the end time.');
  return { startMs, endMs: Math.min(endMs, nowMs) };
}
