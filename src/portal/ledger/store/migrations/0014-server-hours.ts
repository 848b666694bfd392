/**
 * Server hours. A resource is one flavor in one state here, so a meter keeps its key: project and resource. Facts identify
 * a flavor; the rows with one name are the history of that name.
 */
export const serverHours = `
CREATE TABLE ledger.flavor (
  site_id      integer NOT NULL,
  flavor_id    integer NOT NULL,
  label        text COLLATE "C" NOT NULL,
  name         text COLLATE "C",
  vcpu         bigint NOT NULL,
  mb           bigint NOT NULL,
  disk_gb      bigint NOT NULL,
  ephemeral_gb bigint,
  swap_mb      bigint,
  devices      jsonb,
  PRIMARY KEY (site_id, flavor_id),
  UNIQUE (site_id, label)
);
ALTER TABLE ledger.flavor ADD CONSTRAINT flavor_site_id_fkey FOREIGN KEY (site_id) REFERENCES ledger.site;
COMMENT ON TABLE ledger.flavor IS 'the facts of servers; a fact that is not known is null';
COMMENT ON COLUMN ledger.flavor.label IS 'all facts in one text, as the site writes them';

ALTER TABLE ledger.resource
  ADD COLUMN flavor_id integer NOT NULL DEFAULT 0,
  ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE ledger.resource ADD CONSTRAINT resource_key UNIQUE (site_id, name, flavor_id, state);
ALTER TABLE ledger.resource DROP CONSTRAINT resource_site_id_name_key;
COMMENT ON COLUMN ledger.resource.flavor_id IS 'the flavor of server hours; 0 for any other resource';
COMMENT ON COLUMN ledger.resource.state IS 'the state of server hours';

ALTER TABLE ledger.cloud
  ADD COLUMN server_first_ms bigint,
  ADD COLUMN server_prior_ms bigint,
  ADD COLUMN server_last_ms  bigint;
COMMENT ON COLUMN ledger.cloud.server_first_ms IS 'the first reading with server hours; null before it';

ALTER TABLE ledger.epoch ADD COLUMN server_first_ms bigint;
COMMENT ON COLUMN ledger.epoch.server_first_ms IS 'the first reading of it with server hours; null before it';
`;
