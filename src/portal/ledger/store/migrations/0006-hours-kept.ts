/** From where on a site has hours; before, its days are all that is kept. */
export const hoursKept = `
ALTER TABLE ledger.site_state ADD COLUMN hours_from integer;
COMMENT ON COLUMN ledger.site_state.hours_from IS 'hours before it are kept no longer, as days alone; null where all are there';
`;
