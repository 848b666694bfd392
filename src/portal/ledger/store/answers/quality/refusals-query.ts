import { join, sql, type Queryable } from '../../../../database/sql.ts';
import type { Page, SiteRecordQuery, SiteRefusal } from '../../../ledger.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { viewOf } from '../view/view.ts';
import { ofWholeSites } from './whole-sites.ts';

interface RefusalRecord {
  site: string;
  reason: string;
  first_at_ms: string;
  last_at_ms: string;
  series: string;
  last_series: number;
  example: string;
}

/** The series of whole sites that were refused in a time, by site and reason. */
export async function queryRefusals(trx: Queryable, asked: SiteRecordQuery): Promise<Page<SiteRefusal>> {
  const { whole } = await viewOf(trx, ofWholeSites(asked));
  const { fromMs, toMs, limit, cursor } = asked;
  const after = cursor === undefined ? undefined : readCursor(cursor, ['', ''] as const);
  const { rows } = await trx.query<RefusalRecord>(sql`
    SELECT s.name AS site, r.reason, r.first_at_ms, r.last_at_ms, r.series, r.last_series, r.example
    FROM ledger.refusal r JOIN ledger.site s USING (site_id)
    WHERE ${whole(sql`r.site_id`)} AND r.last_at_ms >= ${fromMs}::bigint AND r.first_at_ms < ${toMs}::bigint
      AND ${after === undefined ? sql`true` : sql`(s.name, r.reason) > (${join(after)})`}
    ORDER BY s.name, r.reason LIMIT ${limit + 1}`);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(refusalOf),
    next: rows.length > limit && last !== undefined ? writeCursor([last.site, last.reason]) : null,
  };
}

function refusalOf(row: RefusalRecord): SiteRefusal {
  return {
    site: row.site,
    reason: row.reason,
    firstAtMs: Number(row.first_at_ms),
    lastAtMs: Number(row.last_at_ms),
    series: Number(row.series),
    lastSeries: row.last_series,
    example: row.example,
  };
}
