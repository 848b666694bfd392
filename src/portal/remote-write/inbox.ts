import type { Pool } from 'pg';
import type { FactPart, Instant } from './sorting.ts';
import type { SiteRule } from './sender-settings.ts';
import { exporterOf } from './waiting-room.ts';

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

/** Requests that are not among `known`: those of an earlier run, and of other portals on this database. */
export async function loadRequests(pool: Pool, known: readonly string[]): Promise<StoredRequest[]> {
  const { rows } = await pool.query<{ id: string; rule: SiteRule; received_ms: string; body: Buffer }>(
    `SELECT id, rule, received_ms, body FROM remote_write.inbox WHERE id <> ALL ($1::bigint[])
     ORDER BY id LIMIT 50`,
    [known],
  );
  return rows.map(({ id, rule, received_ms, body }) => ({ id, rule, receivedMs: Number(received_ms), body }));
}

export async function removeRequests(pool: Pool, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await pool.query('DELETE FROM remote_write.inbox WHERE id = ANY ($1::bigint[])', [ids]);
}

/** Keeps what exporters state; of two statements about one instant the later completes the earlier. */
export async function storeFacts(pool: Pool, facts: readonly FactPart[], receivedMs: number): Promise<void> {
  await Promise.all(facts.map(async (fact) => await storeFact(pool, fact, receivedMs)));
}

async function storeFact(
  pool: Pool,
  { site, exporter, atMs, foldedUntilSeconds, epoch }: FactPart,
  receivedMs: number,
): Promise<void> {
  await pool.query(
    `INSERT INTO remote_write.fact AS had (site, exporter, at_ms, folded_until_seconds, epoch, received_ms)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (site, exporter, at_ms) DO UPDATE
       SET folded_until_seconds = coalesce(excluded.folded_until_seconds, had.folded_until_seconds),
           epoch = coalesce(excluded.epoch, had.epoch)`,
    [site, Buffer.from(exporter), atMs, foldedUntilSeconds, epoch, receivedMs],
  );
}

export async function forgetOldFacts(pool: Pool, nowMs: number): Promise<void> {
  await pool.query('DELETE FROM remote_write.fact WHERE received_ms < $1', [nowMs - FACTS_KEPT_MS]);
}

/** What was stated about these instants, and which of their exporters (by `exporterOf`) state anything. */
export async function loadFacts(
  pool: Pool,
  instants: readonly Instant[],
): Promise<{ facts: FactPart[]; stating: Set<string> }> {
  const { rows } = await pool.query<FactRow>(
    `SELECT w.site, w.exporter, w.at_ms, f.folded_until_seconds, f.epoch,
            EXISTS (SELECT FROM remote_write.fact a WHERE a.site = w.site AND a.exporter = w.exporter) AS stating
     FROM unnest($1::text[], $2::bytea[], $3::bigint[]) AS w (site, exporter, at_ms)
     LEFT JOIN remote_write.fact f USING (site, exporter, at_ms)`,
    [
      instants.map(({ site }) => site),
      instants.map(({ exporter }) => Buffer.from(exporter)),
      instants.map(({ atMs }) => atMs),
    ],
  );
  const facts = rows.map(factPart);
  return { facts, stating: new Set(facts.filter((_, i) => rows[i]?.stating).map(exporterOf)) };
}

interface FactRow {
  site: string;
  exporter: Buffer;
  at_ms: string;
  folded_until_seconds: number | null;
  epoch: string | null;
  stating: boolean;
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
