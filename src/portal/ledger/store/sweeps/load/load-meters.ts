import type { Queryable } from '../../../../database/sql.ts';
import { eachInSteps, Pace, type Steps } from '../../../../../prometheus/steps.ts';
import { type BookedMeter } from '../../../accounting/sweeps/sweep.ts';
import { projectKey } from '../../../accounting/meters/identity.ts';
import { valuesOfArray } from '../../../../database/columns.ts';
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

/** Loads the epochs of meters that are not known yet. */
export async function learnEpochs(
  trx: Queryable,
  site: LockedSite,
  { epoch_ids }: MeterColumns,
): Promise<void> {
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
  projects: Iterable<Pick<KnownProject, 'id' | 'cloud' | 'projectId'>>,
): Steps<void> {
  const of = yield* inColumns(columns);
  const byId = new Map(Array.from(projects, (project) => [project.id, project]));
  yield* eachInSteps(of.ids.entries(), ([i, id]) => {
    const ofProject = Number(of.project_ids[i]);
    const ofResource = Number(of.resource_ids[i]);
    const { cloud = '', projectId = '' } = byId.get(ofProject) ?? {};
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

/** Splits long columns in a step each: one project may have 10,000 meters. */
function* inColumns(columns: MeterColumns): Steps<Record<keyof MeterColumns, string[]>> {
  const split: [string, string[]][] = [];
  const pace = new Pace();
  for (const [name, literal] of Object.entries(columns)) {
    const values = valuesOfArray(literal);
    split.push([name, values]);
    yield* pace.did(values.length);
  }
  return Object.fromEntries(split) as Record<keyof MeterColumns, string[]>;
}
