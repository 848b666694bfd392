/**
 * How the sweeps of each site ended: the run of like sweeps up to the last one, and earlier runs. A sweep that ends like the
 * one before changes two numbers in a row that it writes anyway. With them, the versions of the site's exporters. Corrections and anomalies are asked for by their hours.
 */
export const sweepRuns = `
ALTER TABLE ledger.site_state
  ADD COLUMN run_from_ms bigint,
  ADD COLUMN run_sweeps integer NOT NULL DEFAULT 0,
  ADD COLUMN earlier_runs jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN exporter_versions text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ledger.site_state.run_from_ms IS 'since when sweeps end as the last one did; null before the next one';
COMMENT ON COLUMN ledger.site_state.run_sweeps IS 'the number of these sweeps';
COMMENT ON COLUMN ledger.site_state.earlier_runs IS 'earlier runs of sweeps that ended in the same way, the newest first';
CREATE INDEX late_entry_by_hour ON ledger.late_entry (site_id, hour, meter_id);
CREATE INDEX anomaly_by_hour ON ledger.anomaly (site_id, hour, meter_id);
`;
