import { MS_PER_HOUR } from '../../../../../prometheus/usage-metrics.ts';
import { sql, type Queryable } from '../../../../database/sql.ts';
import type { Page, SiteRecordQuery, SiteSweepRun, SweepRun } from '../../../ledger.ts';
import { runColumns } from '../../sweeps/load/load-run.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { viewOf } from '../view/view.ts';
import { ofWholeSites } from './whole-sites.ts';

interface RunRow {
  site: string;
  run: SweepRun;
}

/** The runs of sweeps of whole sites that reach into a time, the latest ones first. */
export async function querySweeps(trx: Queryable, asked: SiteRecordQuery): Promise<Page<SiteSweepRun>> {
  const { whole } = await viewOf(trx, ofWholeSites(asked));
  const { fromMs, toMs, limit, cursor } = asked;
  const start = sql`(run ->> 'fromMs')::bigint`;
  const { rows } = await trx.query<RunRow>(sql`
    SELECT site, run
    FROM (
      SELECT s.name AS site, jsonb_build_object('outcome', t.outcome, 'fromMs', t.run_from_ms, 'toMs', t.last_sweep_ms,
               'sweeps', t.run_sweeps, 'error', t.last_error) AS run
      FROM (SELECT site_id, ${runColumns} FROM ledger.site_state WHERE ${whole(sql`site_id`)}) t
      JOIN ledger.site s USING (site_id) WHERE t.run_from_ms IS NOT NULL
      UNION ALL
      SELECT s.name, jsonb_array_elements(t.earlier_runs)
      FROM ledger.site_state t JOIN ledger.site s USING (site_id) WHERE ${whole(sql`t.site_id`)}
    ) w
    WHERE (run ->> 'toMs')::bigint >= ${fromMs}::bigint AND ${start} < ${toMs}::bigint
      AND ${cursor === undefined ? sql`true` : sql`(-${start}, site) > (${minusStartIn(cursor)}::bigint, ${siteIn(cursor)})`}
    ORDER BY -${start}, site LIMIT ${limit + 1}`);
  const data = rows.slice(0, limit).map(({ site, run }) => ({ site, ...run }));
  const last = data.at(-1);
  return { data, next: rows.length > limit && last !== undefined ? cursorAt(last) : null };
}

/** Numbers in cursors have four bytes, so an instant is two of them. */
const partsOf = (cursor: string) => readCursor(cursor, ['', 0, 0] as [string, number, number]);

function siteIn(cursor: string): string {
  return partsOf(cursor)[0];
}

function minusStartIn(cursor: string): number {
  const [, hour, restMs] = partsOf(cursor);
  return -(hour * MS_PER_HOUR + restMs);
}

function cursorAt({ site, fromMs }: SiteSweepRun): string {
  return writeCursor([site, Math.floor(fromMs / MS_PER_HOUR), fromMs % MS_PER_HOUR]);
}
