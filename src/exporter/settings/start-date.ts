import { UserError } from '../../runtime/user-error.ts';

/** No OpenStack has usage from before its first release, and Nova answers 500 to the year 1. */
const EARLIEST_MS = Date.UTC(2010, 0, 1);

/** Unix milliseconds of `YYYY-MM-DD`, or of a date and time, in UTC unless it has a zone. Throws `UserError`. */
export function parseStartDate(text: string, nowMs: number): number {
  const startMs = parseDate(text.trim());
  if (startMs === undefined)
    throw new UserError(`--start: '${text}' is not a date: write 2026-01-31 or 2026-01-31T12:00:00`);
  if (startMs < EARLIEST_MS) throw new UserError(`--start: '${text}' is before OpenStack's first release`);
  if (startMs > nowMs) throw new UserError(`--start: '${text}' is in the future`);
  return startMs;
}

function parseDate(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(
    text,
  );
  if (!match) return undefined;
  const [, date = '', time = '00:00:00', zone = 'Z'] = match;
  const instantMs = Date.parse(`${date}T${time}${zone}`);
  const exists = new Date(Date.parse(`${date}T00:00:00Z`)).getUTCDate() === Number(date.slice(8));
  return Number.isNaN(instantMs) || !exists ? undefined : instantMs;
}
