/**
 * Sums of days of the entries, for questions about days, months and totals: there are 24 times fewer of them. Each write
 * of an entry adds the same amount to its day. A sum is numeric because 24 amounts may exceed 64 bits. Packed days have no row.
 */
export const daySums = `
CREATE TABLE ledger.day (
  site_id  integer NOT NULL,
  meter_id integer NOT NULL,
  hour     integer NOT NULL,
  amount   numeric NOT NULL,
  spread   numeric NOT NULL,
  PRIMARY KEY (site_id, meter_id, hour)
) WITH (fillfactor = 50);
COMMENT ON TABLE ledger.day IS 'the sum of the entries of a meter in a day (UTC) that begins at this hour';

INSERT INTO ledger.day SELECT site_id, meter_id, hour - hour % 24, sum(amount), sum(spread) FROM ledger.entry GROUP BY 1, 2, 3;

CREATE OR REPLACE VIEW ledger.monthly AS
SELECT site_id, meter_id, hour AS first_hour, hour AS last_hour, hour, amount, spread FROM ledger.day
UNION ALL
SELECT site_id, meter_id, open_hour, open_hour, open_hour, open_amount, open_spread FROM ledger.meter
WHERE open_amount <> 0 OR open_spread <> 0
UNION ALL
SELECT site_id, meter_id, first_hour, last_hour, first_hour, amount, spread FROM ledger.month
WHERE amount <> 0 OR spread <> 0;
`;
