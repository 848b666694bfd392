/** Price books and marks of usage that is not charged are documents with a history, as grants are. */
export const priceBooks = `
ALTER TABLE ledger.account_record DROP CONSTRAINT account_record_kind;
ALTER TABLE ledger.account_record
  ADD CONSTRAINT account_record_kind CHECK (kind IN ('grant', 'account', 'price_book', 'mark'));
COMMENT ON TABLE ledger.account_record IS 'versions of accounts, grants, price books and marks; the newest of a name is the present one';
`;
