/** The sites in each portal's configuration: a site is expected as long as a living portal names it. */
export const portalSites = `
ALTER TABLE ledger.portal ADD COLUMN sites text[];
COMMENT ON COLUMN ledger.portal.sites IS 'the sites that it reads, and that its senders write as; null of an older version';
`;
