import { sql, type Kysely } from 'kysely';
import type { Reading } from '../ledger.ts';

export interface EpochRow {
  id: number;
  name: string;
  /** When a reading of it was folded first. */
  firstMs: number;
}

/** The epochs of readings, as far as they are known. */
export async function loadEpochs(
  trx: Kysely<unknown>,
  siteId: number,
  readings: readonly Reading[],
): Promise<EpochRow[]> {
  const names = [...new Set(readings.map(({ epoch }) => epoch))];
  const { rows } = await sql<{ id: number; name: string; first_ms: string }>`
    SELECT epoch_id AS id, name, first_ms FROM ledger.epoch
    WHERE site_id = ${siteId} AND name = ANY(${names}::text[])`.execute(trx);
  return rows.map(({ id, name, first_ms }) => ({ id, name, firstMs: Number(first_ms) }));
}
