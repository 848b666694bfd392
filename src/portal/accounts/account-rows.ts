import { sql, type Queryable } from '../database/sql.ts';
import type { AccountDocument } from './grants/documents.ts';
import type { MarkDocument } from './grants/marks.ts';
import type { Plan } from './grants/plan.ts';
import type { DocumentVersion, StoredBook, StoredGrant, StoredPerson, StoredState } from './grants/stored.ts';
import type { Authorship, DocumentKind } from './accounts.ts';

interface NewestRow {
  kind: DocumentKind;
  name: string;
  version: number;
  at_ms: string;
  author: string;
  document: unknown;
}

interface PersonRow {
  id: string;
  name: string | null;
  mail: string | null;
  erased_ms: string | null;
}

/** All that the database has of accounts, and the newest version of each name, removed or not. */
export interface LoadedState extends StoredState {
  newest: ReadonlyMap<string, { version: number; changedMs: number; author: string; removed: boolean }>;
}

/** The key of `newest`. */
export function recordKey(kind: DocumentKind, name: string): string {
  return `${kind} ${name}`;
}

/** The id of the newest change, as text; '0' before the first one. */
export async function newestChange(database: Queryable): Promise<string> {
  const { rows } = await database.query<{ id: string }>(sql`
    SELECT coalesce(max(change_id), 0)::text AS id FROM ledger.account_change`);
  return rows[0]?.id ?? '0';
}

export async function loadState(database: Queryable): Promise<LoadedState> {
  const { rows } = await database.query<NewestRow>(sql`
    SELECT DISTINCT ON (r.kind, r.name) r.kind, r.name, r.version, r.document, c.at_ms, c.author
    FROM ledger.account_record r JOIN ledger.account_change c USING (change_id)
    ORDER BY r.kind, r.name, r.version DESC`);
  const books = await database.query<{ name: string; document: unknown }>(sql`
    SELECT DISTINCT ON (name) name, document FROM ledger.account_record
    WHERE kind = 'price_book' AND document IS NOT NULL ORDER BY name, version DESC`);
  const people = await database.query<PersonRow>(sql`
    SELECT id, name, mail, erased_ms FROM ledger.person ORDER BY id`);
  const sites = await database.query<{ name: string }>(sql`SELECT name FROM ledger.site ORDER BY name`);
  return {
    grants: documentsOf<StoredGrant>('grant', rows),
    accounts: documentsOf<AccountDocument>('account', rows),
    books: documentsOf<StoredBook>('price_book', rows),
    published: new Map(books.rows.map(({ name, document }) => [name, document as StoredBook])),
    marks: documentsOf<MarkDocument>('mark', rows),
    people: new Map(people.rows.map((row) => [row.id, personOf(row)])),
    sites: sites.rows.map(({ name }) => name),
    newest: new Map(
      rows.map(({ kind, name, version, at_ms, author, document }) => [
        recordKey(kind, name),
        { version, changedMs: Number(at_ms), author, removed: document === null },
      ]),
    ),
  };
}

function documentsOf<D>(kind: DocumentKind, rows: readonly NewestRow[]): Map<string, DocumentVersion<D>> {
  return new Map(
    rows
      .filter((row) => row.kind === kind && row.document !== null)
      .map(({ name, version, at_ms, author, document }) => [
        name,
        { document: document as D, version, changedMs: Number(at_ms), author },
      ]),
  );
}

function personOf({ id, name, mail, erased_ms }: PersonRow): StoredPerson {
  return {
    id,
    ...(name === null ? {} : { name }),
    ...(mail === null ? {} : { mail }),
    ...(erased_ms === null ? {} : { erasedMs: Number(erased_ms) }),
  };
}

/** Writes a plan as one change. */
export async function writePlan(
  trx: Queryable,
  { versions, people }: Plan,
  by: Authorship,
  nowMs: number,
): Promise<void> {
  const changeId = await writeChange(trx, by, nowMs);
  const kinds = versions.map(({ kind }) => kind);
  const names = versions.map(({ name }) => name);
  const documents = versions.map(({ document }) => (document === null ? null : JSON.stringify(document)));
  await trx.query(sql`
    INSERT INTO ledger.account_record (kind, name, version, change_id, document)
    SELECT w.kind, w.name, 1 + coalesce(
             (SELECT max(o.version) FROM ledger.account_record o WHERE o.kind = w.kind AND o.name = w.name), 0),
           ${changeId}, w.document::jsonb
    FROM unnest(${kinds}::text[], ${names}::text[], ${documents}::text[]) AS w (kind, name, document)`);
  await trx.query(sql`
    INSERT INTO ledger.person (id, name, mail)
    SELECT * FROM unnest(${people.map(({ id }) => id)}::text[], ${people.map(({ name }) => name ?? null)}::text[],
                         ${people.map(({ mail }) => mail ?? null)}::text[])
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, mail = excluded.mail`);
}

export async function writeChange(
  trx: Queryable,
  { author, origin }: Authorship,
  nowMs: number,
): Promise<string> {
  const { rows } = await trx.query<{ change_id: string }>(sql`
    INSERT INTO ledger.account_change (at_ms, author, origin) VALUES (${nowMs}, ${author}, ${origin})
    RETURNING change_id`);
  const [row] = rows;
  if (row === undefined) throw new Error('the change has no id');
  return row.change_id;
}

interface PastRow {
  version: number;
  at_ms: string;
  author: string;
  origin: string;
  document: unknown;
}

/** All versions of a name, the oldest first. */
export async function loadHistory(database: Queryable, kind: DocumentKind, name: string): Promise<PastRow[]> {
  const { rows } = await database.query<PastRow>(sql`
    SELECT r.version, c.at_ms, c.author, c.origin, r.document
    FROM ledger.account_record r JOIN ledger.account_change c USING (change_id)
    WHERE r.kind = ${kind} AND r.name = ${name} ORDER BY r.version`);
  return rows;
}
