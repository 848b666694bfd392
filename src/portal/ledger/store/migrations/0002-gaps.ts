/** Gaps with the data that late readings need to correct spread usage, and the journal of these corrections. */
export const gapTables = `
CREATE TABLE ledger.cloud_gap (
  site_id  integer NOT NULL,
  cloud_id integer NOT NULL,
  from_ms  bigint NOT NULL,
  to_ms    bigint NOT NULL,
  PRIMARY KEY (site_id, cloud_id, to_ms)
);
COMMENT ON TABLE ledger.cloud_gap IS 'between two readings of a cloud, longer than an ordinary pause';

CREATE TABLE ledger.meter_gap (
  site_id       integer NOT NULL,
  meter_id      integer NOT NULL,
  to_ms         bigint NOT NULL,
  from_ms       bigint NOT NULL,
  from_epoch_id integer NOT NULL,
  to_epoch_id   integer NOT NULL,
  from_total    numeric NOT NULL,
  to_total      numeric NOT NULL,
  amount        bigint NOT NULL,
  PRIMARY KEY (site_id, meter_id, to_ms)
);
COMMENT ON COLUMN ledger.meter_gap.amount IS 'what was spread over it; the rest of the difference was corrected';

CREATE TABLE ledger.late_entry (
  site_id      integer NOT NULL,
  meter_id     integer NOT NULL,
  hour         integer NOT NULL,
  booked_at_ms bigint NOT NULL,
  amount       bigint NOT NULL,
  spread       bigint NOT NULL,
  PRIMARY KEY (site_id, meter_id, hour, booked_at_ms)
);
COMMENT ON TABLE ledger.late_entry IS 'what late truth added to entries and took from them; contained in ledger.entry';
`;
