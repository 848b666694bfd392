import { SERVER_HOURS } from '../../../../prometheus/usage-metrics.ts';
import { sql } from '../../../database/sql.ts';

const ofServers = sql`r.flavor_id > 0 OR r.name IN ('vcpu', 'mb', 'disk_gb', 'instance')`;

/**
 * The projects with server hours. Their usage can be compared from `from_ms` on: server hours and the other meters have
 * started, and no meter was corrected or changed its epoch since then.
 */
const comparedProjects = sql`
  SELECT m.site_id, m.project_id, max(m.last_at_ms) AS last_at_ms,
         max(greatest(c.server_first_ms, a.last_at_ms,
                      CASE WHEN r.flavor_id = 0 OR m.opening <> 0 THEN m.first_at_ms END)) AS from_ms
  FROM ledger.meter m
  JOIN ledger.resource r USING (site_id, resource_id)
  JOIN ledger.project p USING (site_id, project_id)
  JOIN ledger.cloud c USING (site_id, cloud_id)
  LEFT JOIN (SELECT site_id, meter_id, max(last_at_ms) AS last_at_ms FROM ledger.anomaly GROUP BY site_id, meter_id) a
    USING (site_id, meter_id)
  WHERE c.server_first_ms IS NOT NULL AND (${ofServers})
  GROUP BY m.site_id, m.project_id
  HAVING max(r.flavor_id) > 0`;

/** The meters of these projects, their usage from the first and from the second full day on, and the sizes of flavors. */
const comparedMeters = sql`
  SELECT m.site_id, m.project_id, m.last_total, r.name, f.vcpu, f.mb, f.disk_gb,
         m.last_at_ms = p.last_at_ms AS is_read, m.last_at_ms <= p.from_ms AS has_ended,
         coalesce(e.amount, 0) AS amount, coalesce(e.later, 0) AS later
  FROM (${comparedProjects}) p
  CROSS JOIN LATERAL (SELECT (ceil(p.from_ms / 86400000.0) * 24)::int AS first_hour) d
  JOIN ledger.meter m USING (site_id, project_id)
  JOIN ledger.resource r USING (site_id, resource_id)
  LEFT JOIN ledger.flavor f USING (site_id, flavor_id)
  LEFT JOIN LATERAL (
    SELECT sum(amount) AS amount, sum(amount) FILTER (WHERE hour >= d.first_hour + 24) AS later
    FROM ledger.daily
    WHERE site_id = m.site_id AND meter_id = m.meter_id AND hour >= d.first_hour AND last_hour >= d.first_hour) e ON true
  WHERE ${ofServers}`;

/**
 * Rule S5: the sum of server hours × size over flavors and states is the usage of the project. Both sums are of whole days.
 * If one reading has no server hours, the two are spread differently over the days around it. So a difference counts
 * only if it is there from the first day on and from the second day on. Allowed are the rounding of each amount, and one
 * last bit at both ends of the largest total, which was a double.
 */
export const serverHoursThatDiffer = sql`
  SELECT site_id, project_id, concat(${SERVER_HOURS}::text, ' × ', resource) AS resource, difference
  FROM (
    WITH compared AS MATERIALIZED (${comparedMeters})
    SELECT c.site_id, c.project_id, w.resource, sum(c.amount * w.weight) AS difference,
           abs(sum(c.later * w.weight)) AS later_difference,
           2 * sum(abs(w.weight)) + max(c.last_total) / 2 ^ 51 AS allowed
    FROM compared c
    CROSS JOIN LATERAL (
      SELECT size.resource, CASE c.name WHEN size.resource THEN -1 ELSE size.of_one END AS weight
      FROM (VALUES ('vcpu', c.vcpu), ('mb', c.mb), ('disk_gb', c.disk_gb), ('instance', 1)) AS size (resource, of_one)
      WHERE c.name IN (${SERVER_HOURS}, size.resource)
    ) w
    GROUP BY c.site_id, c.project_id, w.resource
    HAVING bool_or(c.name = w.resource AND c.is_read) AND bool_and(c.is_read OR c.has_ended)
  ) sums
  WHERE abs(difference) > allowed AND later_difference > allowed`;
