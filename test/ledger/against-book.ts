import * as fc from 'fast-check';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { reading, type InMemoryBook } from './in-memory-book.ts';
import { HOUR, MINUTE, NOON } from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';

const anyInstant = fc.integer({ min: NOON, max: NOON + 20 * HOUR });
/** Few enough instants that several of them are in one hour. */
const instantOfFewHours = fc.nat(50).map((step) => NOON + step * 5 * MINUTE);

/** Any reading that may arrive, for tests that compare a store with the ledger in memory. */
export const anyReading = fc
  .record({
    atMs: fc.oneof(anyInstant, instantOfFewHours),
    total: fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.bigInt({ min: 0n, max: 2n ** 61n })),
    epoch: fc.constantFrom('', 'a', 'b'),
    projectId: fc.constantFrom('p1', 'p2'),
    projectName: fc.constantFrom('one', '\'\\"{}, NULL', 'Größe\n'),
    resource: fc.constantFrom('vcpu', 'mb'),
    cloud: fc.constantFrom('', 'west'),
  })
  // An epoch belongs to one cloud, and totals without an epoch belong to the cloud without a name.
  .map(({ atMs, total, epoch, cloud, ...more }) =>
    reading(atMs, total, { ...more, epoch: epoch && cloud + epoch, cloud: epoch && cloud }),
  );

/** Amount and spread amount of each hour of each meter of a site, added up over all tables that store hours. */
export async function storedEntries(connection: DatabaseConnection, site: string): Promise<string[]> {
  const rows = await runSql<{ line: string }>(
    connection,
    `SELECT concat_ws(' ', c.name, p.key, r.name, e.hour, sum(e.amount), sum(e.spread)) AS line
     FROM ledger.hourly e JOIN ledger.meter m USING (site_id, meter_id) JOIN ledger.project p USING (site_id, project_id)
     JOIN ledger.cloud c USING (site_id, cloud_id) JOIN ledger.resource r USING (site_id, resource_id)
     JOIN ledger.site s USING (site_id) WHERE s.name = '${site}'
     GROUP BY c.name, p.key, r.name, e.hour HAVING sum(e.amount) <> 0 OR sum(e.spread) <> 0`,
  );
  return rows.map(({ line }) => line).toSorted();
}

/** The same lines from the ledger in memory. */
export function entriesOf(book: InMemoryBook): string[] {
  return [...book.entries]
    .map(([key, { amount, spread }]) => `${key.replaceAll('\0', ' ')} ${amount} ${spread}`)
    .toSorted();
}
