import type { Transaction } from '../../../database/sql.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import { coursesOf } from '../../accounting/sites/courses.ts';
import { partsOfSweep } from '../../accounting/sweeps/parts-of-sweep.ts';
import { foldReadings } from '../../accounting/sweeps/sweep.ts';
import type { FoldOutcome, Sweep } from '../../ledger.ts';
import { loadPart } from './load/load-part.ts';
import type { LockedSite } from './load/lock-site.ts';
import { foldInOverlap } from './overlap.ts';
import { SweepTally } from './write/sweep-tally.ts';
import { writeCourses } from './write/write-courses.ts';
import { changedPart, writePart } from './write/write-part.ts';
import { writeSite } from './write/write-site.ts';

/** The number of readings that are folded at once. It bounds the memory for their meters. */
const READINGS_IN_PART = 2_000;

/** Folds a sweep into a site: readings, entries and the site's progress in one transaction (rule A6). */
export async function foldIntoSite(
  trx: Transaction,
  site: LockedSite,
  sweep: Sweep,
  readingsInPart = READINGS_IN_PART,
): Promise<FoldOutcome> {
  const { progress, rules } = site;
  const courses = await inTurns(coursesOf(progress, sweep.readings, rules));
  await writeCourses(trx, site, courses);
  const tally = new SweepTally();
  await foldInOverlap(await inTurns(partsOfSweep(sweep.readings, readingsInPart)), {
    load: async (readings) => await loadPart(trx, site, readings),
    fold: async (readings, part) =>
      changedPart(part, await inTurns(foldReadings(part.book, courses, readings, rules))),
    write: async (changed) => tally.add(changed.changes, await writePart(trx, changed)),
  });
  await writeSite(trx, site, tally, sweep);
  return tally.outcome;
}
