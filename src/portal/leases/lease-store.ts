import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
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

/** Any number that never changes, and is not that of the migrations or the inbox. */
const LOCK_KEY = '7305217604';

/** Prolongs the life of a portal by the database's clock, and takes its share of the sites. Serial among all portals. */
export async function renewLeases(
  pool: Pool,
  holder: string,
  sites: PortalSites,
  durationMs: number,
): Promise<Round> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`);
    const round = await takeTurn(client, holder, sites, durationMs);
    await client.query('COMMIT');
    client.release();
    return round;
  } catch (error) {
    // With its connection the transaction ends too.
    client.release(true);
    throw error;
  }
}

async function takeTurn(
  client: PoolClient,
  holder: string,
  sites: PortalSites,
  durationMs: number,
): Promise<Round> {
  const names = sites.read.map(siteLease);
  await sayAlive(client, holder, sites, durationMs);
  await declareSitesOfPortals(client);
  const portals = await portalsLike(client, holder);
  const { rows } = await client.query<{ name: string; holder: string }>(
    'SELECT name, holder FROM ledger.lease ORDER BY name',
  );
  const leases = new Map(rows.map((row) => [row.name, row.holder]));
  const shares = [names, [INBOX_LEASE]].map((group) => shareOf(holder, { names: group, portals, leases }));
  const taken = shares.flatMap(({ take }) => take);
  await client.query('INSERT INTO ledger.lease (name, holder) SELECT unnest($1::text[]), $2', [
    taken,
    holder,
  ]);
  const wanted = new Set([...names, INBOX_LEASE]);
  const given = new Set(shares.flatMap(({ giveBack }) => giveBack));
  const mine = [...leases].filter(([, other]) => other === holder).map(([name]) => name);
  const surplus = mine.filter((name) => given.has(name) || !wanted.has(name));
  return { held: new Set([...mine.filter((name) => !surplus.includes(name)), ...taken]), surplus };
}

/** Removes the dead, with their leases. */
async function sayAlive(
  client: PoolClient,
  holder: string,
  { read, declared }: PortalSites,
  durationMs: number,
): Promise<void> {
  const configuration = createHash('sha256').update(JSON.stringify(read.toSorted())).digest('hex');
  await client.query('DELETE FROM ledger.portal WHERE alive_until < clock_timestamp()');
  await client.query(
    `INSERT INTO ledger.portal (holder, configuration, alive_until, sites)
     VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond', $4)
     ON CONFLICT (holder) DO UPDATE
     SET configuration = excluded.configuration, alive_until = excluded.alive_until, sites = excluded.sites`,
    [holder, configuration, durationMs, declared],
  );
}

/** A site is expected as long as the configuration of a living portal names it, though another's may not. */
async function declareSitesOfPortals(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ sites: string[] | null }>('SELECT sites FROM ledger.portal');
  // An older version does not say.
  if (rows.some(({ sites }) => sites === null)) return;
  await client.query(
    'UPDATE ledger.site SET declared = (name = ANY ($1::text[])) WHERE declared <> (name = ANY ($1::text[]))',
    [[...new Set(rows.flatMap(({ sites }) => sites ?? []))]],
  );
}

/** Those that share the same sites, this one included. */
async function portalsLike(client: PoolClient, holder: string): Promise<string[]> {
  const { rows } = await client.query<{ holder: string }>(
    `SELECT holder FROM ledger.portal
     WHERE configuration = (SELECT configuration FROM ledger.portal WHERE holder = $1) ORDER BY holder`,
    [holder],
  );
  return rows.map((row) => row.holder);
}

export async function releaseLeases(pool: Pool, holder: string, names: readonly string[]): Promise<void> {
  if (names.length > 0)
    await pool.query('DELETE FROM ledger.lease WHERE holder = $1 AND name = ANY ($2::text[])', [
      holder,
      names,
    ]);
}

/** Ends a portal's life, and with it all of its leases. */
export async function removePortal(pool: Pool, holder: string): Promise<void> {
  await pool.query('DELETE FROM ledger.portal WHERE holder = $1', [holder]);
}

/** For a database that nobody else can use: whoever is in it was killed. */
export async function removeAllPortals(pool: Pool): Promise<void> {
  await pool.query('DELETE FROM ledger.portal');
}
