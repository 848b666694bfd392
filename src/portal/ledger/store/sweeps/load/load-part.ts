import type { Queryable } from '../../../../database/sql.ts';
import { inTurns } from '../../../../../runtime/in-turns.ts';
import { metersToBound } from '../../../accounting/sweeps/meters-to-bound.ts';
import type { MeterBook } from '../../../accounting/sweeps/sweep.ts';
import type { Reading } from '../../../ledger.ts';
import { loadBook } from './load-book.ts';
import type { KnownMeter } from './load-meters.ts';
import { loadJumps, loadUsualHours } from './load-usual-hours.ts';
import type { LockedSite } from './lock-site.ts';
import { IdMap } from './site-ids.ts';

interface BookOfPart extends MeterBook {
  meters: ReadonlyMap<string, KnownMeter>;
}

/** A locked site with the projects and meters of some readings. */
export interface LoadedPart extends LockedSite {
  book: BookOfPart;
  /** By `projectKey`. */
  projects: IdMap;
  /** By `meterKey`. */
  meters: IdMap;
}

export async function loadPart(
  trx: Queryable,
  site: LockedSite,
  readings: readonly Reading[],
): Promise<LoadedPart> {
  const { projects, meters } = await loadBook(trx, site, readings);
  const bounded = await inTurns(metersToBound(meters, readings));
  const usualHours = await loadUsualHours(trx, site.siteId, bounded);
  const jumpedBy = await loadJumps(trx, site.siteId, bounded);
  return {
    ...site,
    book: {
      names: projects,
      meters,
      epochs: new Map([...site.knownEpochs.values()].map(({ name, firstMs }) => [name, firstMs])),
      serverEpochs: new Map(
        [...site.knownEpochs.values()].flatMap(({ name, serverFirstMs }) =>
          serverFirstMs === undefined ? [] : [[name, serverFirstMs] as const],
        ),
      ),
      usualHours,
      jumpedBy,
    },
    projects: new IdMap(projects, site.counter),
    meters: new IdMap(meters, site.counter),
  };
}
