import { novaBadRequest, novaCrash } from './nova-errors.ts';

const FORM = /^(\d{4})-(\d{1,2})-(\d{1,2})(T|\s)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?$/;

/**
 * An instant of a usage request, Unix milliseconds: UTC, `2026-11-22T13:54:57`, with or without a fraction, or with a
 * space and a fraction. A date alone, `Z` and offsets are refused with 400, as Nova does.
 */
export function parseNovaTime(text: string): number {
  const parts = FORM.exec(text);
  if (parts === null || (parts[4] !== 'T' && parts[8] === undefined)) throw invalidTime();
  const [year, month, day, hour, minute, second] = [1, 2, 3, 5, 6, 7].map((index) => Number(parts[index]));
  if (year === 1) throw novaCrash('ValueError');
  const fractionMs = Math.floor(Number(`0.${parts[8] ?? '0'}`) * 1000 + 1e-6);
  const seconds = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}`;
  const instantMs = Date.parse(`${seconds}Z`);
  // A 30 February is read as a day in March: what comes out must be what went in.
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

/** The window that a usage request asks for: both sides default to now, and an end in the future is cut to now. */
export function parseWindow(query: URLSearchParams, nowMs: number): UsageWindow {
  const start = query.get('start');
  const end = query.get('end');
  const startMs = start === null || start === '' ? nowMs : parseNovaTime(start);
  const endMs = end === null || end === '' ? nowMs : parseNovaTime(end);
  // Without a window Nova's two readings of its clock are a microsecond apart, and pass.
  const bothNow = !start && !end;
  if (startMs >= endMs && !bothNow)
    throw novaBadRequest('Invalid start time. The start time cannot occur after the end time.');
  return { startMs, endMs: Math.min(endMs, nowMs) };
}
