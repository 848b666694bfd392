/** When each epoch was first read; those that were there before this migration count as known since ever. */
export const epochTimes = `
ALTER TABLE ledger.epoch ADD COLUMN first_ms bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ledger.epoch.first_ms IS 'the time of the first reading of it that was folded';
`;
