import { CursorError } from '../../question-errors.ts';
import { sql, type Kysely } from 'kysely';
import { MS_PER_HOUR } from '../../../../prometheus/usage-metrics.ts';
import { coverageOf } from '../../accounting/sites/coverage.ts';
import type { AccountingRules } from '../../accounting/meters/meter.ts';
import type { CoverageQuery, CoverageRow, Page } from '../../ledger.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { isoOf } from './times.ts';

interface HourRecord {
  hour: number;
  site: string;
  cloud: string;
  expected: boolean;
  first_ms: string;
  last_ms: string;
  measured_ms: number;
  spread_ms: number;
}

/** Hours in order of time, site and cloud, also those of which there is nothing. */
export async function queryCoverage(
  database: Kysely<unknown>,
  { fromMs, toMs, site, limit, cursor }: CoverageQuery,
  nowMs: number,
  rulesOf: (site: string) => AccountingRules,
): Promise<Page<CoverageRow>> {
  const after =
    cursor === undefined ? undefined : readCursor(cursor, [0, '', ''] as [number, string, string]);
  const firstHour = Math.floor(fromMs / MS_PER_HOUR);
  const fromHour = after?.[0] ?? firstHour;
  // The period of the question bounds what it costs.
  if (fromHour < firstHour || fromHour * MS_PER_HOUR >= toMs) throw new CursorError();
  const lastHour = Math.ceil(Math.min(toMs, nowMs) / MS_PER_HOUR) - 1;
  const { rows } = await sql<HourRecord>`
    SELECT h.hour, s.name AS site, c.name AS cloud, s.declared AND NOT c.retired AS expected, c.first_ms, c.last_ms,
           coalesce(k.measured_ms, 0) AS measured_ms, coalesce(k.spread_ms, 0) AS spread_ms
    FROM ledger.cloud c JOIN ledger.site s USING (site_id)
    CROSS JOIN LATERAL generate_series(
      greatest(${fromHour}::int, c.first_ms / ${MS_PER_HOUR}::bigint)::int,
      least(${lastHour}::int, CASE WHEN s.declared AND NOT c.retired THEN ${lastHour}::int ELSE c.last_ms / ${MS_PER_HOUR}::bigint END)::int
    ) AS h (hour)
    LEFT JOIN ledger.site_hour k ON k.site_id = c.site_id AND k.cloud_id = c.cloud_id AND k.hour = h.hour
    WHERE ${site === undefined ? sql`true` : sql`s.name = ${site}`} AND ${
      after === undefined
        ? sql`true`
        : sql`(h.hour, s.name, c.name) > (${after[0]}::int, ${after[1]}, ${after[2]})`
    }
    ORDER BY h.hour, s.name, c.name LIMIT ${limit + 1}`.execute(database);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map((row) => coverageRow(row, nowMs, rulesOf(row.site))),
    next: rows.length > limit && last !== undefined ? writeCursor([last.hour, last.site, last.cloud]) : null,
  };
}

function coverageRow(row: HourRecord, nowMs: number, rules: AccountingRules): CoverageRow {
  const startMs = row.hour * MS_PER_HOUR;
  const interval = { fromMs: startMs, toMs: startMs + MS_PER_HOUR, spread: row.spread_ms > 0 };
  const progress = { firstMs: Number(row.first_ms), lastMs: Number(row.last_ms) };
  return {
    site: row.site,
    cloud: row.cloud,
    start: isoOf(startMs),
    coverage: coverageOf(interval, [{ progress, expected: row.expected, rules }], nowMs),
    measured_seconds: row.measured_ms / 1000,
    spread_seconds: row.spread_ms / 1000,
  };
}
