import type { Queryable } from '../../../../database/sql.ts';
import { eachInSteps, type Steps } from '../../../../../prometheus/steps.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import { type BookedMeter } from '../../../accounting/sweeps/sweep.ts';
import { projectKey, resourceKey } from '../../../accounting/meters/identity.ts';
import type { Reading } from '../../../ledger.ts';
import { BY_INDEX, numberArray, tagForList, valuesOfArray } from '../../../../database/columns.ts';
import { loadEpochs } from './load-epochs.ts';
import type { KnownProject } from './load-projects.ts';
import type { LockedSite } from './lock-site.ts';

export interface KnownMeter extends BookedMeter {
  id: number;
  /** Ids of the project and the resource. */
  ofProject: number;
  ofResource: number;
}

export interface MeterColumns {
  ids: string | null;
  project_ids: string | null;
  resource_ids: string | null;
  epoch_ids: string | null;
  openings: string | null;
  last_totals: string | null;
  first_at_ms: string | null;
  last_at_ms: string | null;
  open_hours: string | null;
  open_amounts: string | null;
  open_spreads: string | null;
}

/**
 * The meters of readings in these projects, by `meterKey`. Loads unknown epochs of these meters, too. The other meters of
 * the projects stay in the database: a project may have thousands of flavors and states.
 */
export async function loadMeters(
  trx: Queryable,
  site: LockedSite,
  projects: ReadonlyMap<string, KnownProject>,
  readings: readonly Reading[],
): Promise<Map<string, KnownMeter>> {
  const byId = new Map(Array.from(projects.values(), (project) => [project.id, project]));
  const meters = new Map<string, KnownMeter>();
  const wanted = await inTurns(wantedMeters(site, projects, readings));
  if (wanted.length === 0) return meters;
  const { rows } = await trx.query<MeterColumns>(tagForList(wanted.length)`
    SELECT array_agg(meter_id)::text AS ids, array_agg(m.project_id)::text AS project_ids,
           array_agg(m.resource_id)::text AS resource_ids, array_agg(epoch_id)::text AS epoch_ids,
           array_agg(opening)::text AS openings, array_agg(last_total)::text AS last_totals,
           array_agg(first_at_ms)::text AS first_at_ms, array_agg(last_at_ms)::text AS last_at_ms,
           array_agg(open_hour)::text AS open_hours, array_agg(open_amount)::text AS open_amounts,
           array_agg(open_spread)::text AS open_spreads
    FROM unnest(
      ${numberArray(wanted.map(({ ofProject }) => ofProject))}::int[],
      ${numberArray(wanted.map(({ ofResource }) => ofResource))}::int[]) AS w (project_id, resource_id)
    CROSS JOIN LATERAL (
      SELECT * FROM ledger.meter
      WHERE site_id = ${site.siteId} AND project_id = w.project_id AND resource_id = w.resource_id ${BY_INDEX}) m`);
  for (const columns of rows) {
    await learnEpochs(trx, site, columns);
    await inTurns(addMeters(meters, columns, site, byId));
  }
  return meters;
}

/** The ids of the known projects and resources that readings have together. */
function* wantedMeters(
  { resources }: LockedSite,
  projects: ReadonlyMap<string, KnownProject>,
  readings: readonly Reading[],
): Steps<Pick<KnownMeter, 'ofProject' | 'ofResource'>[]> {
  const wanted = new Map<string, Pick<KnownMeter, 'ofProject' | 'ofResource'>>();
  yield* eachInSteps(readings, (reading) => {
    const ofProject = projects.get(projectKey(reading))?.id;
    const ofResource = resources.known(resourceKey(reading));
    if (ofProject !== undefined && ofResource !== undefined)
      wanted.set(`${ofProject} ${ofResource}`, { ofProject, ofResource });
  });
  return [...wanted.values()];
}

async function learnEpochs(trx: Queryable, site: LockedSite, { epoch_ids }: MeterColumns): Promise<void> {
  const unknown = [...new Set(valuesOfArray(epoch_ids))]
    .map(Number)
    .filter((id) => !site.knownEpochs.has(id));
  for (const epoch of await loadEpochs(trx, site.siteId, unknown)) {
    site.knownEpochs.set(epoch.id, epoch);
    site.epochs.learn(epoch.name, epoch.id);
  }
}

/** Adds meters in steps: a project with many flavors has all its readings in one part. */
export function* addMeters(
  meters: Map<string, KnownMeter>,
  columns: MeterColumns,
  { resourceKeys, knownEpochs }: Pick<LockedSite, 'resourceKeys' | 'knownEpochs'>,
  projects: ReadonlyMap<number, Pick<KnownProject, 'cloud' | 'projectId'>>,
): Steps<void> {
  const of = yield* inColumns(columns);
  yield* eachInSteps(of.ids.entries(), ([i, id]) => {
    const ofProject = Number(of.project_ids[i]);
    const ofResource = Number(of.resource_ids[i]);
    const { cloud = '', projectId = '' } = projects.get(ofProject) ?? {};
    meters.set(`${projectKey({ cloud, projectId })}\0${resourceKeys.get(ofResource) ?? ''}`, {
      id: Number(id),
      ofProject,
      ofResource,
      epoch: knownEpochs.get(Number(of.epoch_ids[i]))?.name ?? '',
      opening: BigInt(of.openings[i] ?? 0),
      lastTotal: BigInt(of.last_totals[i] ?? 0),
      firstAtMs: Number(of.first_at_ms[i]),
      lastAtMs: Number(of.last_at_ms[i]),
      open: {
        hour: Number(of.open_hours[i]),
        amount: BigInt(of.open_amounts[i] ?? 0),
        spread: BigInt(of.open_spreads[i] ?? 0),
      },
    });
  });
}

/** Splits one column in a step: one project may have 10,000 meters. */
function* inColumns(columns: MeterColumns): Steps<Record<keyof MeterColumns, string[]>> {
  const split: [string, string[]][] = [];
  for (const [name, literal] of Object.entries(columns)) {
    split.push([name, valuesOfArray(literal)]);
    yield;
  }
  return Object.fromEntries(split) as Record<keyof MeterColumns, string[]>;
}
