/**
 * Sums of packed days over all projects of a cloud, for questions that do not separate projects: a year of 30,000 meters has
 * eleven million days. Packing adds to them what it adds to the days of months, in the same transaction.
 */
export const cloudDays = `
CREATE TABLE ledger.cloud_day (
  site_id     integer NOT NULL,
  cloud_id    integer NOT NULL,
  resource_id integer NOT NULL,
  hour        integer NOT NULL,
  amount      numeric NOT NULL,
  spread      numeric NOT NULL,
  PRIMARY KEY (site_id, cloud_id, resource_id, hour)
) WITH (fillfactor = 50);
COMMENT ON TABLE ledger.cloud_day IS 'the sum of the packed days of all meters of a cloud and resource; the day (UTC) begins at this hour';

INSERT INTO ledger.cloud_day
SELECT m.site_id, p.cloud_id, m.resource_id, e.first_hour + 24 * (u.i::int - 1), sum(u.amount), sum(coalesce(u.spread, 0))
FROM ledger.month e JOIN ledger.meter m USING (site_id, meter_id) JOIN ledger.project p USING (site_id, project_id),
     unnest(e.day_amounts, e.day_spreads) WITH ORDINALITY AS u (amount, spread, i)
WHERE u.amount <> 0 OR u.spread <> 0
GROUP BY 1, 2, 3, 4;
`;
