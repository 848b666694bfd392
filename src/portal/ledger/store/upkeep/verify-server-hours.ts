import { SERVER_HOURS } from '../../../../prometheus/usage-metrics.ts';
import { sql } from '../../../database/sql.ts';

const ofServers = sql`r.flavor_id > 0 OR r.name IN ('vcpu', 'mb', 'disk_gb', 'instance')`;

/**
 * The projects that can be compared: their meters were all read at the same time, in the same epoch, and have no
 * corrections since server hours began. `from_hour` is the first full hour after both are known.
 */
const comparedProjects = sql`
  SELECT site_id, project_id, ceil(max(from_ms) / 3600000.0)::int AS from_hour
  FROM (
    SELECT m.site_id, m.project_id, m.last_at_ms, m.epoch_id, r.flavor_id,
           greatest(c.server_first_ms, CASE r.flavor_id WHEN 0 THEN m.first_at_ms END) AS from_ms,
           EXISTS (
             SELECT FROM ledger.anomaly a
             WHERE a.site_id = m.site_id AND a.meter_id = m.meter_id AND a.correction <> 0
               AND a.last_at_ms >= c.server_first_ms) AS is_corrected
    FROM ledger.meter m
    JOIN ledger.resource r USING (site_id, resource_id)
    JOIN ledger.project p USING (site_id, project_id)
    JOIN ledger.cloud c USING (site_id, cloud_id)
    WHERE c.server_first_ms IS NOT NULL AND (${ofServers})
  ) one
  GROUP BY site_id, project_id
  HAVING max(flavor_id) > 0 AND min(flavor_id) = 0 AND NOT bool_or(is_corrected)
     AND min(last_at_ms) = max(last_at_ms) AND min(epoch_id) = max(epoch_id)`;

/** The meters of these projects with their usage since then, and the sizes of their flavors. */
const comparedMeters = sql`
  SELECT m.site_id, m.project_id, m.last_total, r.name, f.vcpu, f.mb, f.disk_gb,
         (SELECT coalesce(sum(e.amount), 0) FROM ledger.daily e
          WHERE e.site_id = m.site_id AND e.meter_id = m.meter_id AND e.hour >= d.from_day)
         + (SELECT coalesce(sum(e.amount), 0) FROM ledger.hourly e
            WHERE e.site_id = m.site_id AND e.meter_id = m.meter_id AND e.hour >= p.from_hour
              AND e.hour < d.from_day AND e.last_hour >= p.from_hour AND e.first_hour < d.from_day) AS amount
  FROM (${comparedProjects}) p
  CROSS JOIN LATERAL (SELECT (p.from_hour + 23) / 24 * 24 AS from_day) d
  JOIN ledger.meter m USING (site_id, project_id)
  JOIN ledger.resource r USING (site_id, resource_id)
  LEFT JOIN ledger.flavor f USING (site_id, flavor_id)
  WHERE ${ofServers}`;

/** Rule S5: the sum of server hours × size over flavors and states is the usage of the project. */
export const serverHoursThatDiffer = sql`
  SELECT site_id, project_id, concat(${SERVER_HOURS}::text, ' × ', resource) AS resource, difference
  FROM (
    WITH compared AS MATERIALIZED (${comparedMeters})
    SELECT c.site_id, c.project_id, w.resource, sum(c.amount * w.weight) AS difference,
           sum(abs(w.weight)) AS weights, max(c.last_total) AS largest
    FROM compared c
    CROSS JOIN LATERAL (
      SELECT size.resource, CASE c.name WHEN size.resource THEN -1 ELSE size.of_one END AS weight
      FROM (VALUES ('vcpu', c.vcpu), ('mb', c.mb), ('disk_gb', c.disk_gb), ('instance', 1)) AS size (resource, of_one)
      WHERE c.name IN (${SERVER_HOURS}, size.resource)
    ) w
    GROUP BY c.site_id, c.project_id, w.resource
    HAVING bool_or(c.name = w.resource)
  ) sums
  WHERE abs(difference) > 2 * weights + largest / 2 ^ 52`;
