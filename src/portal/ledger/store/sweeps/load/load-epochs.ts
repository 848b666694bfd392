import { sql, type Queryable } from '../../../../database/sql.ts';
import { distinctOf } from '../../../../../prometheus/steps.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import type { Reading } from '../../../ledger.ts';
import { numberArray } from '../../../../database/columns.ts';

export interface EpochRow {
  id: number;
  name: string;
  /** The time of its first folded reading. */
  firstMs: number;
  /** The time of its first folded reading of server hours; undefined before it. */
  serverFirstMs: number | undefined;
}

/** The known epochs of readings. */
export async function loadEpochsOf(
  trx: Queryable,
  siteId: number,
  readings: readonly Reading[],
): Promise<EpochRow[]> {
  const names = [...(await inTurns(distinctOf(readings, ({ epoch }) => epoch)))];
  const { rows } = await trx.query<EpochRecord>(sql`
    SELECT epoch_id AS id, name, first_ms, server_first_ms FROM ledger.epoch
    WHERE site_id = ${siteId} AND name = ANY(${names}::text[])`);
  return rows.map(epochRow);
}

export async function loadEpochs(
  trx: Queryable,
  siteId: number,
  ids: readonly number[],
): Promise<EpochRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await trx.query<EpochRecord>(sql`
    SELECT epoch_id AS id, name, first_ms, server_first_ms FROM ledger.epoch
    WHERE site_id = ${siteId} AND epoch_id = ANY(${numberArray(ids)}::int[])`);
  return rows.map(epochRow);
}

interface EpochRecord {
  id: number;
  name: string;
  first_ms: string;
  server_first_ms: string | null;
}

function epochRow({ id, name, first_ms, server_first_ms }: EpochRecord): EpochRow {
  const serverFirstMs = server_first_ms === null ? undefined : Number(server_first_ms);
  return { id, name, firstMs: Number(first_ms), serverFirstMs };
}
