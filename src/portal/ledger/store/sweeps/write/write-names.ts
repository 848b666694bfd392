import { sql, type Transaction } from '../../../../database/sql.ts';
import type { NameState } from '../../../accounting/sites/names.ts';
import type { MeterChanges } from '../../../accounting/sweeps/sweep.ts';
import { writeInBatches, numberArray } from '../../../../database/columns.ts';
import type { LoadedPart } from '../load/load-part.ts';
import type { LockedSite } from '../load/lock-site.ts';

/** Writes new projects, by `projectKey`. */
export function writeProjects(
  trx: Transaction,
  { siteId, clouds }: LockedSite,
  added: readonly { id: number; key: string }[],
): void {
  if (added.length === 0) return;
  const rows = added.map(({ id, key }) => ({ id, ...partsOf(key) }));
  trx.send(sql`
    INSERT INTO ledger.project (site_id, project_id, cloud_id, key)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(rows.map(({ id }) => id))}::int[],
      ${numberArray(rows.map(({ cloud }) => clouds.idOf(cloud)))}::int[],
      ${rows.map(({ projectId }) => projectId)}::text[])`);
}

function partsOf(key: string): { cloud: string; projectId: string } {
  const [cloud = '', projectId = ''] = key.split('\0');
  return { cloud, projectId };
}

/** Ends the earlier names, and writes the new ones. */
export async function writeNames(
  trx: Transaction,
  part: LoadedPart,
  names: MeterChanges['names'],
): Promise<void> {
  if (names.size === 0) return;
  const changed = [...names].map(([key, change]) => ({
    id: part.projects.idOf(key),
    names: change.names,
    isKnown: part.book.names.has(key),
  }));
  endNames(
    trx,
    part.siteId,
    changed.filter(({ isKnown }) => isKnown),
  );
  await writeInBatches(
    trx,
    nameRows(changed),
    (rows) => sql`
    INSERT INTO ledger.project_name (site_id, project_id, from_ms, to_ms, project_name, domain_id, domain_name)
    SELECT ${part.siteId}, * FROM unnest(
      ${numberArray(rows.map(({ id }) => id))}::int[],
      ${numberArray(rows.map(({ sinceMs }) => sinceMs))}::bigint[],
      ${rows.map(({ untilMs }) => untilMs)}::bigint[],
      ${rows.map(({ projectName }) => projectName)}::text[],
      ${rows.map(({ domainId }) => domainId)}::text[],
      ${rows.map(({ domainName }) => domainName)}::text[])`,
  );
}

/** PostgreSQL may read all names of the site for it. So new projects, which have no earlier names, are not among them. */
function endNames(trx: Transaction, siteId: number, changed: readonly ChangedNames[]): void {
  if (changed.length === 0) return;
  trx.send(sql`
    UPDATE ledger.project_name n SET to_ms = w.to_ms
    FROM unnest(
      ${numberArray(changed.map(({ id }) => id))}::int[],
      ${numberArray(changed.map((change) => change.names[0]?.sinceMs ?? 0))}::bigint[]) AS w (project_id, to_ms)
    WHERE n.site_id = ${siteId} AND n.project_id = w.project_id AND n.to_ms IS NULL`);
}

interface ChangedNames {
  id: number;
  /** In order of time. */
  names: readonly NameState[];
}

function* nameRows(
  changed: readonly ChangedNames[],
): Generator<NameState & { id: number; untilMs: number | null }> {
  for (const { id, names } of changed)
    for (const [index, name] of names.entries())
      yield { id, ...name, untilMs: names[index + 1]?.sinceMs ?? null };
}
