/** Clouds that a site has retired: their hours are no longer missing, and their usage stays. */
export const retiredClouds = `
ALTER TABLE ledger.cloud ADD COLUMN retired boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN ledger.cloud.retired IS 'whether the configuration says that nothing comes of it any more';
`;
