import type { Pool } from 'pg';
import { mergedFacts, type FactPart, type Instant } from './sorting.ts';
import type { SiteRule } from '../settings/sender-settings.ts';

/** A request that was received and is not folded yet, as it came. */
export interface StoredRequest {
  id: string;
  rule: SiteRule;
  receivedMs: number;
  body: Buffer;
}

/** Statements about instants are kept longer than a Prometheus holds back what it could not send (two hours). */
const FACTS_KEPT_MS = 6 * 3_600_000;

/** Any number that never changes, and is not that of the ledger's migrations. */
const LOCK_KEY = '7305217603';

const TABLES = `
CREATE SCHEMA IF NOT EXISTS remote_write;
CREATE TABLE IF NOT EXISTS remote_write.inbox (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule        jsonb NOT NULL,
  received_ms bigint NOT NULL,
  body        bytea NOT NULL
);
ALTER TABLE remote_write.inbox ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE remote_write.inbox IS 'requests that were answered and are not folded yet; what is folded twice counts once';
CREATE TABLE IF NOT EXISTS remote_write.fact (
  site                 text COLLATE "C" NOT NULL,
  exporter             bytea NOT NULL,
  at_ms                bigint NOT NULL,
  folded_until_seconds double precision,
  epoch                text,
  received_ms          bigint NOT NULL,
  PRIMARY KEY (site, exporter, at_ms)
);
CREATE TABLE IF NOT EXISTS remote_write.set_aside (
  id           bigint NOT NULL,
  site         text COLLATE "C" NOT NULL,
  rule         jsonb NOT NULL,
  received_ms  bigint NOT NULL,
  body         bytea NOT NULL,
  reason       text NOT NULL,
  set_aside_ms bigint NOT NULL,
  PRIMARY KEY (id, site)
);
ALTER TABLE remote_write.set_aside ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE remote_write.set_aside IS 'requests of which a part could not be folded, for somebody to look at; docs/portal-guide.md';
CREATE INDEX IF NOT EXISTS fact_received ON remote_write.fact (received_ms);
COMMENT ON TABLE remote_write.fact IS 'what exporters state about their totals of an instant; it may come before or after them';`;

export async function createInboxTables(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(${LOCK_KEY})`);
    await client.query(TABLES);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

/** Keeps a request before it is answered; resolves with its id. A request without usage is not kept. */
export async function storeRequest(
  pool: Pool,
  { rule, receivedMs, body }: Omit<StoredRequest, 'id'>,
): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    'INSERT INTO remote_write.inbox (rule, received_ms, body) VALUES ($1, $2, $3) RETURNING id',
    [JSON.stringify(rule), receivedMs, body],
  );
  return rows[0]?.id ?? '';
}

const LOADED_AT_ONCE = 50;
/** No more are loaded behind the one that reaches this. */
const BYTES_AT_ONCE = 16 * 1024 * 1024;

/** Some of the requests that are not among `known`, the oldest first: those of an earlier run, and of other portals on this database. */
export async function loadRequests(
  pool: Pool,
  known: readonly string[],
): Promise<{ requests: StoredRequest[]; isAll: boolean }> {
  const { rows } = await pool.query<{ id: string; rule: SiteRule; received_ms: string; body: Buffer }>(
    `SELECT id, rule, received_ms, body FROM remote_write.inbox JOIN (
       SELECT id, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
       FROM remote_write.inbox WHERE id <> ALL ($1::bigint[]) ORDER BY id LIMIT ${LOADED_AT_ONCE}) first USING (id)
     WHERE bytes_before < ${BYTES_AT_ONCE} ORDER BY id`,
    [known],
  );
  const requests = rows.map(({ received_ms, ...row }) => ({ ...row, receivedMs: Number(received_ms) }));
  return { requests, isAll: rows.length === 0 };
}

/** How much waits in the inbox of those who write by each rule. */
export async function waitingBytes(pool: Pool): Promise<{ rule: SiteRule; bytes: number }[]> {
  const { rows } = await pool.query<{ rule: SiteRule; bytes: string }>(
    'SELECT rule, sum(octet_length(body)) AS bytes FROM remote_write.inbox GROUP BY rule',
  );
  return rows.map(({ rule, bytes }) => ({ rule, bytes: Number(bytes) }));
}

export async function removeRequests(pool: Pool, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await pool.query('DELETE FROM remote_write.inbox WHERE id = ANY ($1::bigint[])', [ids]);
}

const FACTS_AT_ONCE = 2000;

/** Keeps what exporters state; of two statements about one instant the later completes the earlier. */
export async function storeFacts(pool: Pool, facts: readonly FactPart[], receivedMs: number): Promise<void> {
  for (let start = 0; start < facts.length; start += FACTS_AT_ONCE)
    await storeSomeFacts(pool, mergedFacts(facts.slice(start, start + FACTS_AT_ONCE)), receivedMs);
}

async function storeSomeFacts(pool: Pool, facts: readonly FactPart[], receivedMs: number): Promise<void> {
  await pool.query(
    `INSERT INTO remote_write.fact AS had (site, exporter, at_ms, folded_until_seconds, epoch, received_ms)
       SELECT *, $6::bigint
       FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::double precision[], $5::text[])
       ON CONFLICT (site, exporter, at_ms) DO UPDATE
       SET folded_until_seconds = coalesce(excluded.folded_until_seconds, had.folded_until_seconds),
           epoch = coalesce(excluded.epoch, had.epoch)`,
    [
      facts.map(({ site }) => site),
      facts.map(({ exporter }) => Buffer.from(exporter)),
      facts.map(({ atMs }) => atMs),
      facts.map(({ foldedUntilSeconds }) => foldedUntilSeconds),
      facts.map(({ epoch }) => epoch),
      receivedMs,
    ],
  );
}

/** So many instants of a site are kept at most: those of six hours of a hundred exporters that are scraped often. */
const MOST_FACTS_OF_SITE = 200_000;

export async function forgetOldFacts(pool: Pool, nowMs: number): Promise<void> {
  await pool.query('DELETE FROM remote_write.fact WHERE received_ms < $1', [nowMs - FACTS_KEPT_MS]);
}

/** Forgets the oldest facts of a site that has too many. */
export async function forgetExcessFacts(pool: Pool, mostOfSite = MOST_FACTS_OF_SITE): Promise<void> {
  await pool.query(
    `DELETE FROM remote_write.fact f USING (
       SELECT site, exporter, at_ms, row_number() OVER (PARTITION BY site ORDER BY received_ms DESC, at_ms DESC) AS place
       FROM remote_write.fact
       WHERE site IN (SELECT site FROM remote_write.fact GROUP BY site HAVING count(*) > $1)) n
     WHERE n.place > $1 AND (f.site, f.exporter, f.at_ms) = (n.site, n.exporter, n.at_ms)`,
    [mostOfSite],
  );
}

/** Whoever stated something about an instant so near does so about all: the scrapes of an hour's quarter. */
const NEAR_MS = 15 * 60_000;
/** So many of them say enough. */
const MOST_NEAR = 1000;

/** What was stated about an instant, and what its exporter states about those near it. */
export interface Statement extends FactPart {
  states: { foldedUntil: boolean; epoch: boolean };
}

export async function loadStatements(pool: Pool, instants: readonly Instant[]): Promise<Statement[]> {
  const { rows } = await pool.query<FactRow>(
    `SELECT w.site, w.exporter, w.at_ms, f.folded_until_seconds, f.epoch,
            coalesce(near.until, false) AS states_until, coalesce(near.epoch, false) AS states_epoch
     FROM unnest($1::text[], $2::bytea[], $3::bigint[]) AS w (site, exporter, at_ms)
     LEFT JOIN remote_write.fact f USING (site, exporter, at_ms)
     CROSS JOIN LATERAL (
       SELECT bool_or(n.folded_until_seconds IS NOT NULL) AS until, bool_or(n.epoch IS NOT NULL) AS epoch
       FROM (
         SELECT folded_until_seconds, epoch FROM remote_write.fact
         WHERE site = w.site AND exporter = w.exporter AND at_ms BETWEEN w.at_ms - $4 AND w.at_ms + $4
         LIMIT ${MOST_NEAR}) n) near`,
    [
      instants.map(({ site }) => site),
      instants.map(({ exporter }) => Buffer.from(exporter)),
      instants.map(({ atMs }) => atMs),
      NEAR_MS,
    ],
  );
  return rows.map((row) => ({
    ...factPart(row),
    states: { foldedUntil: row.states_until, epoch: row.states_epoch },
  }));
}

interface FactRow {
  site: string;
  exporter: Buffer;
  at_ms: string;
  folded_until_seconds: number | null;
  epoch: string | null;
  states_until: boolean;
  states_epoch: boolean;
}

function factPart({ site, exporter, at_ms, folded_until_seconds, epoch }: FactRow): FactPart {
  return {
    site,
    exporter: exporter.toString('utf8'),
    atMs: Number(at_ms),
    foldedUntilSeconds: folded_until_seconds,
    epoch,
  };
}
