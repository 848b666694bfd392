/** The living portals, by the database's clock, and the leases of each. */
export const leaseTables = `
CREATE TABLE ledger.portal (
  holder        text COLLATE "C" PRIMARY KEY,
  configuration text COLLATE "C" NOT NULL,
  alive_until   timestamptz NOT NULL
);
COMMENT ON COLUMN ledger.portal.configuration IS 'stands for its list of sites: portals share with those that have the same';

CREATE TABLE ledger.lease (
  name   text COLLATE "C" PRIMARY KEY,
  holder text COLLATE "C" NOT NULL REFERENCES ledger.portal ON DELETE CASCADE
);
CREATE INDEX lease_by_holder ON ledger.lease (holder);
COMMENT ON TABLE ledger.lease IS 'site/NAME: who reads the site; inbox: who folds what remote write brought';
`;
