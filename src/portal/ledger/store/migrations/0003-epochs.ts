/** The time of each epoch's first reading. Epochs from before this migration count as always known. */
export const epochTimes = `
ALTER TABLE ledger.epoch ADD COLUMN first_ms bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ledger.epoch.first_ms IS 'the time of the first reading of it that was folded';
`;
