/** A cloud that its site gave up is missed no longer; what it has used stays. */
export const retiredClouds = `
ALTER TABLE ledger.cloud ADD COLUMN retired boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN ledger.cloud.retired IS 'whether the configuration says that nothing comes of it any more';
`;
