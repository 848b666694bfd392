/**
 * Packed days: one row for a meter and a month (UTC) has an amount for each hour and each day. An hour takes about
 * 100 bytes as a row of `ledger.entry`, and at most 9 bytes packed. Later usage of a packed hour is an entry again, until
 * it is packed, too: the views add up both.
 */
export const monthTable = `
CREATE TABLE ledger.month (
  site_id      integer NOT NULL,
  meter_id     integer NOT NULL,
  first_hour   integer NOT NULL,
  last_hour    integer NOT NULL,
  hour_amounts bigint[],
  hour_spreads bigint[],
  day_amounts  bigint[] NOT NULL,
  day_spreads  bigint[],
  PRIMARY KEY (site_id, meter_id, first_hour)
);
COMMENT ON COLUMN ledger.month.hour_amounts IS 'one for each hour of the month; null once hours are kept no longer';
COMMENT ON COLUMN ledger.month.hour_spreads IS 'null where nothing was spread';
COMMENT ON COLUMN ledger.month.day_amounts IS 'one for each day of the month';
CREATE INDEX month_by_hour ON ledger.month USING brin (first_hour);

CREATE VIEW ledger.hourly AS
SELECT site_id, meter_id, hour AS first_hour, hour AS last_hour, hour, amount, spread FROM ledger.entry
UNION ALL
SELECT m.site_id, m.meter_id, m.first_hour, m.last_hour, m.first_hour + u.i::int - 1, u.amount, coalesce(u.spread, 0)
FROM ledger.month m, unnest(m.hour_amounts, m.hour_spreads) WITH ORDINALITY AS u (amount, spread, i)
WHERE u.amount <> 0 OR u.spread <> 0;

CREATE VIEW ledger.daily AS
SELECT site_id, meter_id, hour AS first_hour, hour AS last_hour, hour, amount, spread FROM ledger.entry
UNION ALL
SELECT m.site_id, m.meter_id, m.first_hour, m.last_hour, m.first_hour + 24 * (u.i::int - 1), u.amount, coalesce(u.spread, 0)
FROM ledger.month m, unnest(m.day_amounts, m.day_spreads) WITH ORDINALITY AS u (amount, spread, i)
WHERE u.amount <> 0 OR u.spread <> 0;
`;
