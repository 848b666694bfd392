import type { Transaction } from '../../../../database/sql.ts';
import { NOTHING_OPEN } from '../../../accounting/meters/open-hour.ts';
import { type MeterChange, type MeterChanges } from '../../../accounting/sweeps/sweep.ts';
import { projectKey, resourceKey } from '../../../accounting/meters/identity.ts';
import type { LoadedPart } from '../load/load-part.ts';
import type { Additions } from './sweep-tally.ts';
import { anomalyRows, writeAnomalies } from './write-anomalies.ts';
import { writeEntries, type MeterRow } from './write-entries.ts';
import { writeMeterGaps, type MeterGapRow } from './write-gaps.ts';
import { writeMeters } from './write-meters.ts';
import { writeNames, writeProjects } from './write-names.ts';
import { writeResources } from './write-resources.ts';

/** The changes that readings make to a part, with the ids of everything new. */
export interface ChangedPart {
  part: LoadedPart;
  changes: MeterChanges;
  meters: readonly MeterRow[];
}

export function changedPart(part: LoadedPart, changes: MeterChanges): ChangedPart {
  const meters = Array.from(changes.meters, ([key, change]) => meterRow(part, key, change));
  return { part, changes, meters };
}

/** Writes the changes. The number of statements does not depend on the number of meters. */
export async function writePart(
  trx: Transaction,
  { part, changes, meters }: ChangedPart,
): Promise<Additions> {
  const newProjects = part.projects.takeAdded();
  const newMeters = part.meters.takeAdded().length;
  writeProjects(trx, part, newProjects);
  await writeNames(trx, part, changes.names);
  writeResources(trx, part);
  const open = await writeEntries(trx, part.siteId, meters);
  writeMeters(trx, part.siteId, meters, open);
  await writeMeterGaps(trx, part, gapRows(meters));
  await writeAnomalies(trx, part.siteId, anomalyRows(meters));
  return { projects: newProjects.length, meters: newMeters };
}

function* gapRows(meters: readonly MeterRow[]): Generator<MeterGapRow> {
  for (const { meterId, change } of meters) for (const gap of change.gaps) yield { meterId, ...gap };
}

function meterRow(part: LoadedPart, key: string, change: MeterChange): MeterRow {
  const known = part.book.meters.get(key);
  return {
    meterId: known?.id ?? part.meters.idOf(key),
    projectId: known?.ofProject ?? part.projects.idOf(projectKey(change.identity)),
    resourceId: known?.ofResource ?? part.resources.idOf(resourceKey(change.identity)),
    epochId: part.epochs.idOf(change.meter.epoch),
    change,
    openHour: known?.open ?? NOTHING_OPEN,
  };
}
