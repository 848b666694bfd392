/** The settings of sites. They hold at every portal on the database, even at one that does not name the site. */
export const saidOfSites = `
ALTER TABLE ledger.site
  ADD COLUMN interval_ms integer,
  ADD COLUMN max_projects integer,
  ADD COLUMN clouds text[];
COMMENT ON COLUMN ledger.site.interval_ms IS 'how often it is read; null where the configuration does not say';
COMMENT ON COLUMN ledger.site.max_projects IS 'how many projects the ledger keeps of it; null for the usual';
COMMENT ON COLUMN ledger.site.clouds IS 'its clouds as the configuration names them; null where readings name them';
`;
