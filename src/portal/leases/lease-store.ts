import { createHash } from 'node:crypto';
import { ADVISORY_KEYS } from '../database/advisory-keys.ts';
import { takeLock } from '../database/advisory-lock.ts';
import type { Database } from '../database/database.ts';
import { sql, type Queryable } from '../database/sql.ts';
import { SCHEMA } from '../ledger/store/migrations/all.ts';
import { shareOf } from './share.ts';

/** The lease for folding all samples from remote write, of all sites. */
export const INBOX_LEASE = 'inbox';

export function siteLease(site: string): string {
  return `site/${site}`;
}

export interface Round {
  /** The leases that this portal has and uses. */
  held: Set<string>;
  /** The leases that this portal has to release once their sites are no longer in use. */
  surplus: string[];
  /** Why the ledger could not be told which sites are expected. The leases hold nevertheless. */
  undeclared?: unknown;
}

/** The sites in a portal's configuration. */
export interface PortalSites {
  /** Sites that the portal reads and shares with others. */
  read: readonly string[];
  /** All sites from which readings are expected, including those that senders write to. */
  declared: readonly string[];
}

/**
 * Renews a portal's leases by the database's clock, and takes its share of the sites. Only one portal does so at a
 * time.
 */
export async function renewLeases(
  database: Database,
  holder: string,
  sites: PortalSites,
  durationMs: number,
): Promise<Round> {
  return await database.lanes.leases.run(async () => {
    const round = await database.transaction(async (trx) => {
      // Others wait for their turns. A portal that hangs in its own must not keep them for longer than its leases last.
      await takeLock(trx, ADVISORY_KEYS.leases, Math.max(durationMs, SHORTEST_ROUND_MS));
      return await takeTurn(trx, holder, sites, durationMs);
    });
    try {
      await declareSitesOfPortals(database);
      return round;
    } catch (undeclared) {
      return { ...round, undeclared };
    }
  });
}

const SHORTEST_ROUND_MS = 1_000;

async function takeTurn(
  trx: Queryable,
  holder: string,
  sites: PortalSites,
  durationMs: number,
): Promise<Round> {
  const names = sites.read.map(siteLease);
  await recordAlive(trx, holder, sites, durationMs);
  const portals = await portalsLike(trx, holder);
  const { rows } = await trx.query<{ name: string; holder: string }>(sql`
    SELECT name, holder FROM ledger.lease ORDER BY name`);
  const leases = new Map(rows.map((row) => [row.name, row.holder]));
  const shares = [names, [INBOX_LEASE]].map((group) => shareOf(holder, { names: group, portals, leases }));
  const taken = shares.flatMap(({ take }) => take);
  await trx.query(sql`
    INSERT INTO ledger.lease (name, holder) SELECT unnest(${taken}::text[]), ${holder}`);
  const wanted = new Set([...names, INBOX_LEASE]);
  const given = new Set(shares.flatMap(({ giveBack }) => giveBack));
  const mine = [...leases].filter(([, other]) => other === holder).map(([name]) => name);
  const surplus = mine.filter((name) => given.has(name) || !wanted.has(name));
  return { held: new Set([...mine.filter((name) => !surplus.includes(name)), ...taken]), surplus };
}

/** Records that this portal is alive. Removes dead portals with their leases. */
async function recordAlive(
  trx: Queryable,
  holder: string,
  { read, declared }: PortalSites,
  durationMs: number,
): Promise<void> {
  const configuration = createHash('sha256').update(JSON.stringify(read.toSorted())).digest('hex');
  await trx.query(sql`DELETE FROM ledger.portal WHERE alive_until < clock_timestamp()`);
  await trx.query(sql`
    INSERT INTO ledger.portal (holder, configuration, alive_until, sites, schema)
    VALUES (${holder}, ${configuration}, clock_timestamp() + ${durationMs} * interval '1 millisecond', ${declared}, ${SCHEMA})
    ON CONFLICT (holder) DO UPDATE
    SET configuration = excluded.configuration, alive_until = excluded.alive_until, sites = excluded.sites, schema = excluded.schema`);
}

/**
 * Marks the sites from which readings are expected: all sites that any living portal names. Reads first: on Citus every node
 * has `ledger.site`, so it cannot be written while a node is down. The renewal of the leases must not wait for that.
 */
async function declareSitesOfPortals(database: Database): Promise<void> {
  if ((await sitesToMark(database)).length === 0) return;
  await database.transaction(async (trx) => {
    await trx.query(sql`SELECT set_config('statement_timeout', ${String(MARKING_TIMEOUT_MS)}, true)`);
    await takeLock(trx, ADVISORY_KEYS.sites, MARKING_TIMEOUT_MS);
    await trx.query(sql`
      UPDATE ledger.site SET declared = NOT declared WHERE name = ANY (${await sitesToMark(trx)}::text[])`);
  });
}

/** Shorter than the duration of a lease: the next renewal comes after it. */
const MARKING_TIMEOUT_MS = 3_000;

/** The sites that are marked as expected and should not be, or the reverse. */
async function sitesToMark(trx: Queryable): Promise<string[]> {
  const { rows } = await trx.query<{ sites: string[] | null }>(sql`SELECT sites FROM ledger.portal`);
  // An older version does not list its sites.
  if (rows.some(({ sites }) => sites === null)) return [];
  const sites = [...new Set(rows.flatMap((row) => row.sites ?? []))];
  const marked = await trx.query<{ name: string }>(sql`
    SELECT name FROM ledger.site WHERE declared <> (name = ANY (${sites}::text[]))`);
  return marked.rows.map(({ name }) => name);
}

/** The portals with the same sites, including this one. */
async function portalsLike(trx: Queryable, holder: string): Promise<string[]> {
  const { rows } = await trx.query<{ holder: string }>(sql`
    SELECT holder FROM ledger.portal
    WHERE configuration = (SELECT configuration FROM ledger.portal WHERE holder = ${holder}) ORDER BY holder`);
  return rows.map((row) => row.holder);
}

export async function releaseLeases(
  database: Database,
  holder: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  await database.inLane('leases').query(sql`
    DELETE FROM ledger.lease WHERE holder = ${holder} AND name = ANY (${names}::text[])`);
}

/** Removes a portal with all its leases. */
export async function removePortal(database: Database, holder: string): Promise<void> {
  await database.inLane('leases').query(sql`DELETE FROM ledger.portal WHERE holder = ${holder}`);
}

/** Removes all portals, for a database that no other portal can use: the recorded ones were killed. */
export async function removeAllPortals(database: Database): Promise<void> {
  await database.inLane('leases').query(sql`DELETE FROM ledger.portal`);
}
