import { sql, type Queryable, type Sql } from '../../../../database/sql.ts';
import { listOf } from '../../../../database/columns.ts';
import { resourceKey } from '../../../accounting/meters/identity.ts';

/** A resource of a site; of server hours, one flavor in one state. */
export interface KnownResource {
  id: number;
  /** The `resourceKey`. */
  name: string;
}

export interface ResourceRecord {
  id: number;
  name: string;
  flavor_id: number;
  state: string;
}

export interface FlavorRecord {
  id: number;
  /** The label. */
  name: string;
}

export function resourcesOf(siteId: number): Sql {
  return sql`SELECT resource_id AS id, name, flavor_id, state FROM ledger.resource WHERE site_id = ${siteId}`;
}

export function flavorsOf(siteId: number): Sql {
  return sql`SELECT flavor_id AS id, label AS name FROM ledger.flavor WHERE site_id = ${siteId}`;
}

export function knownResources(
  resources: readonly ResourceRecord[],
  flavors: readonly FlavorRecord[],
): KnownResource[] {
  const labels = new Map(flavors.map(({ id, name }) => [id, name]));
  return resources.map(({ id, name, flavor_id, state }) => {
    const flavor = labels.get(flavor_id);
    const servers = flavor === undefined ? {} : { servers: { flavor, state } };
    return { id, name: resourceKey({ resource: name, ...servers }) };
  });
}

interface ResourcesRecord {
  resources: ResourceRecord[];
  flavors: FlavorRecord[];
}

export async function loadResources(trx: Queryable, siteId: number): Promise<KnownResource[]> {
  const { rows } = await trx.query<ResourcesRecord>(sql`
    SELECT ${listOf(resourcesOf(siteId))} AS resources, ${listOf(flavorsOf(siteId))} AS flavors`);
  const { resources, flavors } = rows[0] as ResourcesRecord;
  return knownResources(resources, flavors);
}
