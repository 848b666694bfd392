/**
 * Each portal states the schema that it knows. A portal that is too old for the tables cannot renew its leases, and without
 * them it folds and packs nothing. Portals from before this migration state nothing, and ask for no lease when they pack:
 * packing has to name a column that they do not know.
 */
export const portalSchemas = `
ALTER TABLE ledger.migration ADD COLUMN excludes_older boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN ledger.migration.excludes_older IS 'whether portals that do not know it must not write any more';

ALTER TABLE ledger.portal ADD COLUMN schema integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN ledger.portal.schema IS 'the newest migration that it knows; 0 of a version that does not say';
CREATE FUNCTION ledger.refuse_older_portal() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN
    IF NEW.schema < (SELECT max(id) FROM ledger.migration WHERE excludes_older) THEN
      RAISE EXCEPTION ''a newer stackmeter has migrated the ledger: stop this portal, and start the newer version'';
    END IF;
    RETURN NEW;
  END';
CREATE TRIGGER portal_is_new_enough BEFORE INSERT OR UPDATE ON ledger.portal
  FOR EACH ROW EXECUTE FUNCTION ledger.refuse_older_portal();

ALTER TABLE ledger.month ADD COLUMN packed_schema integer NOT NULL DEFAULT 0;
ALTER TABLE ledger.month ALTER COLUMN packed_schema DROP DEFAULT;
COMMENT ON COLUMN ledger.month.packed_schema IS 'the schema that the portal knew that packed it first; 0 of earlier versions';
`;
