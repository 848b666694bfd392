import { flavorOfLabel, type FlavorFacts } from '../../../../../prometheus/flavor-facts.ts';
import { numberArray } from '../../../../database/columns.ts';
import { sql, type Transaction } from '../../../../database/sql.ts';
import type { LockedSite } from '../load/lock-site.ts';

/** Marks a resource without a flavor. */
const NO_FLAVOR = 0;

/** Writes the new resources, and the new flavors among them. */
export function writeResources(trx: Transaction, { siteId, resources, flavors }: LockedSite): void {
  const added = resources.takeAdded().map(({ id, key }) => {
    const [name = '', flavor, state = ''] = key.split('\0');
    return { id, name, flavorId: flavor === undefined ? NO_FLAVOR : flavors.idOf(flavor), state };
  });
  if (added.length === 0) return;
  writeFlavors(trx, siteId, flavors.takeAdded());
  trx.send(sql`
    INSERT INTO ledger.resource (site_id, resource_id, name, flavor_id, state)
    SELECT ${siteId}, * FROM unnest(
      ${numberArray(added.map(({ id }) => id))}::int[],
      ${added.map(({ name }) => name)}::text[],
      ${numberArray(added.map(({ flavorId }) => flavorId))}::int[],
      ${added.map(({ state }) => state)}::text[])`);
}

function writeFlavors(trx: Transaction, siteId: number, added: readonly { id: number; key: string }[]): void {
  if (added.length === 0) return;
  const rows = added.map(({ id, key }) => ({ id, label: key, facts: flavorOfLabel(key) as FlavorFacts }));
  trx.send(sql`
    INSERT INTO ledger.flavor
      (site_id, flavor_id, label, name, vcpu, mb, disk_gb, ephemeral_gb, swap_mb, devices)
    SELECT ${siteId}, w.flavor_id, w.label, w.name, w.vcpu, w.mb, w.disk_gb, w.ephemeral_gb, w.swap_mb,
           w.devices::jsonb
    FROM unnest(
      ${numberArray(rows.map(({ id }) => id))}::int[],
      ${rows.map(({ label }) => label)}::text[],
      ${rows.map(({ facts }) => facts.name ?? null)}::text[],
      ${numberArray(rows.map(({ facts }) => facts.vcpu))}::bigint[],
      ${numberArray(rows.map(({ facts }) => facts.mb))}::bigint[],
      ${numberArray(rows.map(({ facts }) => facts.disk_gb))}::bigint[],
      ${rows.map(({ facts }) => facts.ephemeral_gb ?? null)}::bigint[],
      ${rows.map(({ facts }) => facts.swap_mb ?? null)}::bigint[],
      ${rows.map(({ facts }) => (facts.devices === undefined ? null : JSON.stringify(facts.devices)))}::text[])
      AS w (flavor_id, label, name, vcpu, mb, disk_gb, ephemeral_gb, swap_mb, devices)`);
}
