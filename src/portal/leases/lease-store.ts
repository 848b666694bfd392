import { createHash } from 'node:crypto';
import { ADVISORY_KEYS } from '../database/advisory-keys.ts';
import type { Database } from '../database/database.ts';
import { sql, type Queryable } from '../database/sql.ts';
import { shareOf } from './share.ts';

/** What the holder of it folds: all that remote write brought, of all sites. */
export const INBOX_LEASE = 'inbox';

export function siteLease(site: string): string {
  return `site/${site}`;
}

export interface Round {
  /** The leases that this portal has, and is to use. */
  held: Set<string>;
  /** Those that it still has, and is to release as soon as nothing uses them. */
  surplus: string[];
}

/** What a portal's configuration names. */
export interface PortalSites {
  /** Those that it reads, and shares. */
  read: readonly string[];
  /** All that it expects, those that others write included. */
  declared: readonly string[];
}

/** Prolongs the life of a portal by the database's clock, and takes its share of the sites. Serial among all portals. */
export async function renewLeases(
  database: Database,
  holder: string,
  sites: PortalSites,
  durationMs: number,
): Promise<Round> {
  return await database.lanes.leases.run(() =>
    database.transaction(async (trx) => {
      await trx.query(sql`SELECT pg_advisory_xact_lock(${ADVISORY_KEYS.leases})`);
      return await takeTurn(trx, holder, sites, durationMs);
    }),
  );
}

async function takeTurn(
  trx: Queryable,
  holder: string,
  sites: PortalSites,
  durationMs: number,
): Promise<Round> {
  const names = sites.read.map(siteLease);
  await sayAlive(trx, holder, sites, durationMs);
  await declareSitesOfPortals(trx);
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

/** Removes the dead, with their leases. */
async function sayAlive(
  trx: Queryable,
  holder: string,
  { read, declared }: PortalSites,
  durationMs: number,
): Promise<void> {
  const configuration = createHash('sha256').update(JSON.stringify(read.toSorted())).digest('hex');
  await trx.query(sql`DELETE FROM ledger.portal WHERE alive_until < clock_timestamp()`);
  await trx.query(sql`
    INSERT INTO ledger.portal (holder, configuration, alive_until, sites)
    VALUES (${holder}, ${configuration}, clock_timestamp() + ${durationMs} * interval '1 millisecond', ${declared})
    ON CONFLICT (holder) DO UPDATE
    SET configuration = excluded.configuration, alive_until = excluded.alive_until, sites = excluded.sites`);
}

/** A site is expected as long as the configuration of a living portal names it, though another's may not. */
async function declareSitesOfPortals(trx: Queryable): Promise<void> {
  const { rows } = await trx.query<{ sites: string[] | null }>(sql`SELECT sites FROM ledger.portal`);
  // An older version does not say.
  if (rows.some(({ sites }) => sites === null)) return;
  const sites = [...new Set(rows.flatMap((row) => row.sites ?? []))];
  await trx.query(sql`
    UPDATE ledger.site SET declared = (name = ANY (${sites}::text[])) WHERE declared <> (name = ANY (${sites}::text[]))`);
}

/** Those that share the same sites, this one included. */
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

/** Ends a portal's life, and with it all of its leases. */
export async function removePortal(database: Database, holder: string): Promise<void> {
  await database.inLane('leases').query(sql`DELETE FROM ledger.portal WHERE holder = ${holder}`);
}

/** For a database that nobody else can use: whoever is in it was killed. */
export async function removeAllPortals(database: Database): Promise<void> {
  await database.inLane('leases').query(sql`DELETE FROM ledger.portal`);
}
