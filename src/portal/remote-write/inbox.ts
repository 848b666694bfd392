import { raw, sql, type Queryable } from '../database/sql.ts';
import { mergedFacts, type FactPart, type Instant } from './sorting.ts';
import type { SiteRule } from '../settings/sender-settings.ts';

/** A request in its original form that is not folded yet. */
export interface StoredRequest {
  id: string;
  rule: SiteRule;
  receivedMs: number;
  body: Buffer;
}

/** Statements are kept longer than a Prometheus keeps samples that it could not send (two hours). */
const FACTS_KEPT_MS = 6 * 3_600_000;

/** Stores a request before it is answered; returns its id. Requests without usage need not be stored. */
export async function storeRequest(
  database: Queryable,
  { rule, receivedMs, body }: Omit<StoredRequest, 'id'>,
): Promise<string> {
  const { rows } = await database.query<{ id: string }>(sql`
    INSERT INTO remote_write.inbox (rule, received_ms, body)
    VALUES (${JSON.stringify(rule)}, ${receivedMs}, ${body}) RETURNING id`);
  return rows[0]?.id ?? '';
}

const LOADED_AT_ONCE = 50;
/** Loading stops after the request that reaches this size. */
const BYTES_AT_ONCE = 16 * 1024 * 1024;

/** Loads some requests that are not in `known`, the oldest first: from an earlier run, or from other portals. */
export async function loadRequests(
  database: Queryable,
  known: readonly string[],
): Promise<{ requests: StoredRequest[]; isAll: boolean }> {
  const { rows } = await database.query<InboxRow>(sql`
    SELECT id, rule, received_ms, body FROM remote_write.inbox JOIN (
       SELECT id, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
       FROM remote_write.inbox WHERE id <> ALL (${known}::bigint[]) ORDER BY id LIMIT ${LOADED_AT_ONCE}) first USING (id)
     WHERE bytes_before < ${BYTES_AT_ONCE} ORDER BY id`);
  const requests = rows.map(({ received_ms, ...row }) => ({ ...row, receivedMs: Number(received_ms) }));
  return { requests, isAll: rows.length === 0 };
}

interface InboxRow {
  id: string;
  rule: SiteRule;
  received_ms: string;
  body: Buffer;
}

/** The bytes in the inbox for each rule. */
export async function waitingBytes(database: Queryable): Promise<{ rule: SiteRule; bytes: number }[]> {
  const { rows } = await database.query<{ rule: SiteRule; bytes: string }>(sql`
    SELECT rule, sum(octet_length(body)) AS bytes FROM remote_write.inbox GROUP BY rule`);
  return rows.map(({ rule, bytes }) => ({ rule, bytes: Number(bytes) }));
}

export async function removeRequests(database: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await database.query(sql`DELETE FROM remote_write.inbox WHERE id = ANY (${ids}::bigint[])`);
}

const FACTS_AT_ONCE = 2000;

/** Stores statements of exporters. The later of two statements about one instant completes the earlier one. */
export async function storeFacts(
  database: Queryable,
  facts: readonly FactPart[],
  receivedMs: number,
): Promise<void> {
  for (let start = 0; start < facts.length; start += FACTS_AT_ONCE)
    await storeSomeFacts(database, mergedFacts(facts.slice(start, start + FACTS_AT_ONCE)), receivedMs);
}

async function storeSomeFacts(
  database: Queryable,
  facts: readonly FactPart[],
  receivedMs: number,
): Promise<void> {
  await database.query(sql`
    INSERT INTO remote_write.fact AS had (site, exporter, at_ms, folded_until_seconds, epoch, received_ms)
    SELECT *, ${receivedMs}::bigint
    FROM unnest(
      ${facts.map(({ site }) => site)}::text[],
      ${facts.map(({ exporter }) => Buffer.from(exporter))}::bytea[],
      ${facts.map(({ atMs }) => atMs)}::bigint[],
      ${facts.map(({ foldedUntilSeconds }) => foldedUntilSeconds)}::double precision[],
      ${facts.map(({ epoch }) => epoch)}::text[])
    ON CONFLICT (site, exporter, at_ms) DO UPDATE
    SET folded_until_seconds = coalesce(excluded.folded_until_seconds, had.folded_until_seconds),
        epoch = coalesce(excluded.epoch, had.epoch)`);
}

/** The largest number of stored instants of a site: six hours of a hundred exporters that are scraped often. */
const MOST_FACTS_OF_SITE = 200_000;

export async function forgetOldFacts(database: Queryable, nowMs: number): Promise<void> {
  await database.query(sql`DELETE FROM remote_write.fact WHERE received_ms < ${nowMs - FACTS_KEPT_MS}`);
}

/** Forgets the oldest facts of a site that has too many. */
export async function forgetExcessFacts(database: Queryable, mostOfSite = MOST_FACTS_OF_SITE): Promise<void> {
  await database.query(sql`
    DELETE FROM remote_write.fact f USING (
      SELECT site, exporter, at_ms, row_number() OVER (PARTITION BY site ORDER BY received_ms DESC, at_ms DESC) AS place
      FROM remote_write.fact
      WHERE site IN (SELECT site FROM remote_write.fact GROUP BY site HAVING count(*) > ${mostOfSite})) n
    WHERE n.place > ${mostOfSite} AND (f.site, f.exporter, f.at_ms) = (n.site, n.exporter, n.at_ms)`);
}

/** If an exporter states facts about an instant this near, it states them about all instants: a quarter of an hour. */
const NEAR_MS = 15 * 60_000;
/** The largest number of near statements that are looked at. */
const MOST_NEAR = 1000;

/** The facts about an instant, and which facts the exporter states about instants near it. */
export interface Statement extends FactPart {
  states: { foldedUntil: boolean; epoch: boolean };
}

export async function loadStatements(
  database: Queryable,
  instants: readonly Instant[],
): Promise<Statement[]> {
  const { rows } = await database.query<FactRow>(sql`
    SELECT w.site, w.exporter, w.at_ms, f.folded_until_seconds, f.epoch,
            coalesce(near.until, false) AS states_until, coalesce(near.epoch, false) AS states_epoch
     FROM unnest(
       ${instants.map(({ site }) => site)}::text[],
       ${instants.map(({ exporter }) => Buffer.from(exporter))}::bytea[],
       ${instants.map(({ atMs }) => atMs)}::bigint[]) AS w (site, exporter, at_ms)
     LEFT JOIN remote_write.fact f USING (site, exporter, at_ms)
     CROSS JOIN LATERAL (
       SELECT bool_or(n.folded_until_seconds IS NOT NULL) AS until, bool_or(n.epoch IS NOT NULL) AS epoch
       FROM (
         SELECT folded_until_seconds, epoch FROM remote_write.fact
         WHERE site = w.site AND exporter = w.exporter AND at_ms BETWEEN w.at_ms - ${NEAR_MS} AND w.at_ms + ${NEAR_MS}
         LIMIT ${raw(String(MOST_NEAR))}) n) near`);
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
