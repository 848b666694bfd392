import { sql, type Queryable, type Sql } from '../../../../database/sql.ts';
import { numberArray } from '../../../../database/columns.ts';

export interface EpochRow {
  id: number;
  name: string;
  /** The time of its first folded reading. */
  firstMs: number;
  /** The time of its first folded reading of server hours; undefined before it. */
  serverFirstMs: number | undefined;
  /** Undefined if the exporter states no epoch. */
  cloudId: number | undefined;
}

export function epochsNamed(siteId: number, names: readonly string[]): Sql {
  return sql`
    SELECT epoch_id AS id, name, first_ms, server_first_ms, cloud_id FROM ledger.epoch
    WHERE site_id = ${siteId} AND name = ANY(${names}::text[])`;
}

export async function loadEpochs(
  trx: Queryable,
  siteId: number,
  ids: readonly number[],
): Promise<EpochRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await trx.query<EpochRecord>(sql`
    SELECT epoch_id AS id, name, first_ms, server_first_ms, cloud_id FROM ledger.epoch
    WHERE site_id = ${siteId} AND epoch_id = ANY(${numberArray(ids)}::int[])`);
  return rows.map(epochRow);
}

/** `pg` gives a bigint as a text, JSON as a number. */
export interface EpochRecord {
  id: number;
  name: string;
  first_ms: string | number;
  server_first_ms: string | number | null;
  cloud_id: number | null;
}

export function epochRow({ id, name, first_ms, server_first_ms, cloud_id }: EpochRecord): EpochRow {
  const serverFirstMs = server_first_ms === null ? undefined : Number(server_first_ms);
  return { id, name, firstMs: Number(first_ms), serverFirstMs, cloudId: cloud_id ?? undefined };
}
