import { sql, type Kysely } from 'kysely';
import type { MeterState } from '../accounting/meter.ts';
import { meterKey, type ProjectIdentity } from '../accounting/sweep.ts';
import { numberArray } from './arrays.ts';
import type { EpochRow } from './load-epochs.ts';

interface ProjectOfMeters extends ProjectIdentity {
  id: number;
}

export interface MeterEntry {
  id: number;
  key: string;
  state: MeterState;
  epoch: EpochRow;
}

interface MeterRecord {
  id: number;
  project_id: number;
  epoch_id: number;
  resource: string;
  epoch: string;
  epoch_first_ms: string;
  opening: string;
  last_total: string;
  first_at_ms: string;
  last_at_ms: string;
}

/** The meters of these projects. */
export async function loadMeters(
  trx: Kysely<unknown>,
  siteId: number,
  projects: readonly ProjectOfMeters[],
): Promise<MeterEntry[]> {
  const byId = new Map(projects.map((project) => [project.id, project]));
  const { rows } = await sql<MeterRecord>`
    SELECT m.meter_id AS id, m.project_id, m.epoch_id, r.name AS resource, e.name AS epoch, e.first_ms AS epoch_first_ms,
           m.opening, m.last_total, m.first_at_ms, m.last_at_ms
    FROM ledger.meter m
    JOIN ledger.resource r ON r.site_id = ${siteId} AND r.resource_id = m.resource_id
    JOIN ledger.epoch e ON e.site_id = ${siteId} AND e.epoch_id = m.epoch_id
    WHERE m.site_id = ${siteId} AND m.project_id = ANY(${numberArray([...byId.keys()])}::int[])`.execute(trx);
  return rows.flatMap((row) => {
    const project = byId.get(row.project_id);
    return project === undefined ? [] : [meterEntry(row, meterKey({ ...project, resource: row.resource }))];
  });
}

function meterEntry(row: MeterRecord, key: string): MeterEntry {
  return {
    id: row.id,
    key,
    state: stateOf(row),
    epoch: { id: row.epoch_id, name: row.epoch, firstMs: Number(row.epoch_first_ms) },
  };
}

function stateOf(row: MeterRecord): MeterState {
  return {
    epoch: row.epoch,
    opening: BigInt(row.opening),
    lastTotal: BigInt(row.last_total),
    firstAtMs: Number(row.first_at_ms),
    lastAtMs: Number(row.last_at_ms),
  };
}
