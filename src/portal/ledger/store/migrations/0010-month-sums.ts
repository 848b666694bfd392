/**
 * Sums of whole months beside the sums of days, for questions about years. The database computes them from the days, so
 * they always agree, even if an older portal packs. An index contains everything that such a question needs: the hours of a
 * month, which take a hundred times as much space, are not read.
 */
export const monthSums = `
CREATE FUNCTION ledger.sum_of(amounts bigint[]) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT coalesce(sum(amount), 0) FROM unnest(amounts) AS amount';
ALTER TABLE ledger.month
  ADD COLUMN amount numeric NOT NULL GENERATED ALWAYS AS (ledger.sum_of(day_amounts)) STORED,
  ADD COLUMN spread numeric NOT NULL GENERATED ALWAYS AS (ledger.sum_of(day_spreads)) STORED;
CREATE INDEX month_sums ON ledger.month (first_hour, site_id, meter_id) INCLUDE (last_hour, amount, spread);

CREATE VIEW ledger.monthly AS
SELECT site_id, meter_id, hour AS first_hour, hour AS last_hour, hour, amount, spread FROM ledger.entry
UNION ALL
SELECT site_id, meter_id, open_hour, open_hour, open_hour, open_amount, open_spread FROM ledger.meter
WHERE open_amount <> 0 OR open_spread <> 0
UNION ALL
SELECT site_id, meter_id, first_hour, last_hour, first_hour, amount, spread FROM ledger.month
WHERE amount <> 0 OR spread <> 0;
`;
