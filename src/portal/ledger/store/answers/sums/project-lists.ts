import { valuesOfArray } from '../../../../database/columns.ts';
import { sql, type Sql } from '../../../../database/sql.ts';
import type { UsageQuery } from '../../../ledger.ts';
import type { View } from '../view/view.ts';
import type { MeterSums } from './meter-sums.ts';

/** The usage of a project in a step: lists with an item for each resource, or flavor and state. */
export interface ProjectLists {
  resources: string[];
  flavors?: string[];
  states?: string[];
  /** Array literals of amount × milliseconds. */
  amounts: string;
  spreads: string;
}

/** The usage of a resource, or of a flavor and state of servers. */
export interface KindSum {
  resource: string;
  flavor: string;
  state: string;
  /** Amount × milliseconds, of any size. */
  amount: string;
  spread: string;
}

/** The columns of `ProjectLists` in `lists`. */
export function listColumns({ by }: UsageQuery): Sql {
  return sql`lists.resources${by.has('flavor') ? sql`, lists.flavors` : sql``}${by.has('state') ? sql`, lists.states` : sql``}, lists.amounts, lists.spreads`;
}

/**
 * The tables of `meterSums`, and `lists`: one row for a project in a step. Names of projects are joined to them, sorted and
 * sent once, and not for each resource.
 */
export function projectLists(
  { query: { by }, ofSite }: View<UsageQuery>,
  { tables, isDivided }: MeterSums,
): Sql {
  const ofFlavors = by.has('flavor') ? sql`LEFT JOIN ledger.flavor f USING (site_id, flavor_id)` : sql``;
  const whole = sql`
      SELECT start_hour, grant_name, site_id, place_id, resource_id, sum(amount) AS amount, sum(spread) AS spread
      FROM sums GROUP BY 1, 2, 3, 4, 5 HAVING sum(amount) <> 0 OR sum(spread) <> 0`;
  return sql`
    ${tables}, lists AS (
      SELECT start_hour, grant_name, site_id, place_id AS project_id, json_agg(r.name) AS resources,
             ${by.has('flavor') ? sql`json_agg(coalesce(f.label, '')) AS flavors,` : sql``} ${by.has('state') ? sql`json_agg(r.state) AS states,` : sql``}
             array_agg(amount)::text AS amounts, array_agg(spread)::text AS spreads
      FROM ${isDivided ? sql`(${whole})` : sql``} sums JOIN ledger.resource r USING (site_id, resource_id) ${ofFlavors}
      WHERE ${ofSite(sql`site_id`)} GROUP BY 1, 2, 3, 4
    )`;
}

/** The sums of a project in the order of answers. */
export function sumsIn({ resources, flavors = [], states = [], ...lists }: ProjectLists): KindSum[] {
  const [amounts, spreads] = [valuesOfArray(lists.amounts), valuesOfArray(lists.spreads)];
  const sums = resources.map((resource, i) => ({
    resource,
    flavor: flavors[i] ?? '',
    state: states[i] ?? '',
    amount: amounts[i] ?? '0',
    spread: spreads[i] ?? '0',
  }));
  return sums.sort(compareKinds);
}

/** Compares as the database does with the collation "C". */
export function compareKinds(one: Kind, other: Kind): number {
  return (
    compareBytes(one.resource, other.resource) ||
    compareBytes(one.flavor, other.flavor) ||
    compareBytes(one.state, other.state)
  );
}

type Kind = Pick<KindSum, 'resource' | 'flavor' | 'state'>;

function compareBytes(one: string, other: string): number {
  if (one === other) return 0;
  if (BEYOND_16_BITS.test(one + other)) return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return one < other ? -1 : 1;
}

/** Without such characters, the order of UTF-16 is that of UTF-8. */
const BEYOND_16_BITS = /[\ud800-\udfff]/;
