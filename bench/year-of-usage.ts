const MS_PER_HOUR = 3_600_000;
export const END_MS = Date.UTC(2026, 0, 1);
export const END_HOUR = END_MS / MS_PER_HOUR;
export const FIRST_HOUR = Date.UTC(2025, 0, 1) / MS_PER_HOUR;
const PACKED_UNTIL_HOUR = END_HOUR - 72;

/** SQL for the year 2025 of servers that run all the time: a meter's amount is the same in every hour. */
export function yearOfUsage(projects: number): string[] {
  return statementsIn(`
  INSERT INTO ledger.cloud VALUES (1, 1, '', 0, ${END_MS - 1}, ${END_MS});
  INSERT INTO ledger.epoch VALUES (1, 1, 'e', 0);
  INSERT INTO ledger.resource VALUES (1, 1, 'vcpu'), (1, 2, 'mb'), (1, 3, 'instance');
  INSERT INTO ledger.project SELECT 1, n, 1, lpad(n::text, 32, '0') FROM generate_series(1, ${projects}) n;
  INSERT INTO ledger.project_name SELECT 1, n, 0, NULL, 'project ' || n, 'default', 'Default' FROM generate_series(1, ${projects}) n;
  INSERT INTO ledger.meter SELECT 1, n, (n + 2) / 3, 1 + (n - 1) % 3, 1, 0, 0, 0, ${END_MS} FROM generate_series(1, 3 * ${projects}) n;
  ${usageOfMeters(1, 3 * projects)}
  UPDATE ledger.site_state SET projects = ${projects}, meters = 3 * ${projects};
  VACUUM ANALYZE;`);
}

const FLAVORS = 8;

/** SQL that adds a year of server hours to `yearOfUsage`: each project has servers of one of 8 flavors in one of two states. */
export function yearOfServerHours(projects: number): string[] {
  const first = 3 * projects;
  return statementsIn(`
  INSERT INTO ledger.flavor SELECT 1, n, concat('m', n, '/', n, '/', 2048 * n, '/20/0/0/0'), 'm' || n, n, 2048 * n, 20, 0, 0, '{}'
    FROM generate_series(1, ${FLAVORS}) n;
  INSERT INTO ledger.resource (site_id, resource_id, name, flavor_id, state)
    SELECT 1, 4 + n, 'server', 1 + n / 2, (ARRAY['active', 'stopped'])[1 + n % 2] FROM generate_series(0, ${2 * FLAVORS - 1}) n;
  INSERT INTO ledger.meter SELECT 1, ${first} + n, n, 4 + n % ${2 * FLAVORS}, 1, 0, 0, 0, ${END_MS} FROM generate_series(1, ${projects}) n;
  ${usageOfMeters(first + 1, first + projects)}
  UPDATE ledger.site_state SET meters = meters + ${projects};
  VACUUM ANALYZE;`);
}

function usageOfMeters(first: number, last: number): string {
  return `
  INSERT INTO ledger.entry SELECT 1, n, hour, (1 + n % 64) * 3600000::bigint, 0
    FROM generate_series(${first}, ${last}) n, generate_series(${PACKED_UNTIL_HOUR}, ${END_HOUR - 1}) AS hour;
  INSERT INTO ledger.month
    (site_id, meter_id, first_hour, last_hour, hour_amounts, hour_spreads, day_amounts, day_spreads, packed_schema)
  SELECT 1, n, first_hour, first_hour + hours - 1,
         array_fill((1 + n % 64) * 3600000::bigint, ARRAY[packed]) || array_fill(0::bigint, ARRAY[hours - packed]), NULL,
         array_fill(24 * (1 + n % 64) * 3600000::bigint, ARRAY[packed / 24]) || array_fill(0::bigint, ARRAY[(hours - packed) / 24]), NULL, 0
  FROM generate_series(${first}, ${last}) n, (
    SELECT first_hour, hours, least(hours, ${PACKED_UNTIL_HOUR} - first_hour) AS packed
    FROM (SELECT (extract(epoch FROM m) / 3600)::int AS first_hour,
                 (extract(epoch FROM m + interval '1 month' - m) / 3600)::int AS hours
          FROM generate_series('2025-01-01'::timestamp, '2025-12-01', '1 month') AS m) months) lengths;
  INSERT INTO ledger.day SELECT site_id, meter_id, hour - hour % 24, sum(amount), sum(spread) FROM ledger.entry
    WHERE meter_id BETWEEN ${first} AND ${last} GROUP BY 1, 2, 3;
  INSERT INTO ledger.cloud_day
  SELECT 1, 1, m.resource_id, e.first_hour + 24 * (u.i::int - 1), sum(u.amount), 0
  FROM ledger.month e JOIN ledger.meter m USING (site_id, meter_id), unnest(e.day_amounts) WITH ORDINALITY AS u (amount, i)
  WHERE u.amount <> 0 AND e.meter_id BETWEEN ${first} AND ${last} GROUP BY 3, 4;`;
}

function statementsIn(text: string): string[] {
  return text.split(';').filter((statement) => statement.trim() !== '');
}
