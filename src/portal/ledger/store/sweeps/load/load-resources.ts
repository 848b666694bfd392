import { sql, type Queryable } from '../../../../database/sql.ts';
import { resourceKey } from '../../../accounting/meters/identity.ts';

/** A resource of a site; of server hours, one flavor in one state. */
export interface KnownResource {
  id: number;
  /** The `resourceKey`. */
  name: string;
}

export async function loadResources(trx: Queryable, siteId: number): Promise<KnownResource[]> {
  const { rows } = await trx.query<{ id: number; name: string; label: string | null; state: string }>(sql`
    SELECT r.resource_id AS id, r.name, f.label, r.state
    FROM ledger.resource r LEFT JOIN ledger.flavor f USING (site_id, flavor_id)
    WHERE r.site_id = ${siteId}`);
  return rows.map(({ id, name, label, state }) => ({
    id,
    name: resourceKey({ resource: name, ...(label === null ? {} : { servers: { flavor: label, state } }) }),
  }));
}

export async function loadFlavors(trx: Queryable, siteId: number): Promise<{ id: number; name: string }[]> {
  const { rows } = await trx.query<{ id: number; name: string }>(sql`
    SELECT flavor_id AS id, label AS name FROM ledger.flavor WHERE site_id = ${siteId}`);
  return rows;
}
