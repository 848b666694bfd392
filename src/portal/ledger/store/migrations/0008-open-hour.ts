/**
 * The latest hour of a meter is in the meter's own row, so that a sweep changes one row of a meter instead of two. It
 * becomes an entry when a later hour starts. The views add up the hour from all three places. A sweep changes every row of
 * a page at once, so half of the page stays free for the new versions.
 */
export const openHour = `
ALTER TABLE ledger.meter
  ADD COLUMN open_hour   integer NOT NULL DEFAULT 0,
  ADD COLUMN open_amount bigint NOT NULL DEFAULT 0,
  ADD COLUMN open_spread bigint NOT NULL DEFAULT 0;
ALTER TABLE ledger.meter SET (fillfactor = 45);
ALTER TABLE ledger.entry SET (fillfactor = 100);
COMMENT ON COLUMN ledger.meter.open_amount IS 'usage of open_hour that is no entry yet';

CREATE OR REPLACE VIEW ledger.hourly AS
SELECT site_id, meter_id, hour AS first_hour, hour AS last_hour, hour, amount, spread FROM ledger.entry
UNION ALL
SELECT site_id, meter_id, open_hour, open_hour, open_hour, open_amount, open_spread FROM ledger.meter
WHERE open_amount <> 0 OR open_spread <> 0
UNION ALL
SELECT m.site_id, m.meter_id, m.first_hour, m.last_hour, m.first_hour + u.i::int - 1, u.amount, coalesce(u.spread, 0)
FROM ledger.month m, unnest(m.hour_amounts, m.hour_spreads) WITH ORDINALITY AS u (amount, spread, i)
WHERE u.amount <> 0 OR u.spread <> 0;

CREATE OR REPLACE VIEW ledger.daily AS
SELECT site_id, meter_id, hour AS first_hour, hour AS last_hour, hour, amount, spread FROM ledger.entry
UNION ALL
SELECT site_id, meter_id, open_hour, open_hour, open_hour, open_amount, open_spread FROM ledger.meter
WHERE open_amount <> 0 OR open_spread <> 0
UNION ALL
SELECT m.site_id, m.meter_id, m.first_hour, m.last_hour, m.first_hour + 24 * (u.i::int - 1), u.amount, coalesce(u.spread, 0)
FROM ledger.month m, unnest(m.day_amounts, m.day_spreads) WITH ORDINALITY AS u (amount, spread, i)
WHERE u.amount <> 0 OR u.spread <> 0;
`;
