/** The first hour that a site still has. Before it the ledger keeps only days. */
export const hoursKept = `
ALTER TABLE ledger.site_state ADD COLUMN hours_from integer;
COMMENT ON COLUMN ledger.site_state.hours_from IS 'hours before it are kept no longer, as days alone; null where all are there';
`;
