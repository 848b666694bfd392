/** What each portal's configuration names: a site is expected as long as one of those that live names it. */
export const portalSites = `
ALTER TABLE ledger.portal ADD COLUMN sites text[];
COMMENT ON COLUMN ledger.portal.sites IS 'the sites that it reads, and that its senders write as; null of an older version';
`;
