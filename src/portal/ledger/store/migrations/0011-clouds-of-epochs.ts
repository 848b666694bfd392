/** The cloud of each epoch: the one with most of its meters, or the older of two with equally many. */
export const cloudsOfEpochs = `
ALTER TABLE ledger.epoch ADD COLUMN cloud_id integer;
COMMENT ON COLUMN ledger.epoch.cloud_id IS 'the cloud under which it was read first; null for totals without an epoch';

UPDATE ledger.epoch e SET cloud_id = w.cloud_id
FROM (
  SELECT DISTINCT ON (m.site_id, m.epoch_id) m.site_id, m.epoch_id, p.cloud_id
  FROM ledger.meter m JOIN ledger.project p USING (site_id, project_id)
  GROUP BY m.site_id, m.epoch_id, p.cloud_id
  ORDER BY m.site_id, m.epoch_id, count(*) DESC, p.cloud_id
) w
WHERE e.site_id = w.site_id AND e.epoch_id = w.epoch_id AND e.name <> '';
`;
