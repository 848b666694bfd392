-- Distributes a ledger by site over the nodes of a Citus cluster. Works on an empty and on a filled ledger.
--
--     psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f distribute.sql
--
-- Before: CREATE EXTENSION citus on every node, citus_add_node() for the workers, one start of a portal so that the tables
-- exist, and a stop of all portals. Run the script again if it was interrupted: it does what is missing. Each statement is a
-- transaction of its own, so do not use psql --single-transaction. docs/scaling.md explains the rest.

CREATE FUNCTION pg_temp.distributed(relation text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RETURN EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = ('ledger.' || relation)::regclass);
END
$$;

-- The foreign keys of the distributed tables. Citus refuses to distribute a table while a key connects it to a local one.
CREATE FUNCTION pg_temp.ledger_keys() RETURNS TABLE (key_table text, key_name text, definition text) LANGUAGE sql AS $$
  VALUES
    ('site_state', 'site_state_site_id_fkey', 'FOREIGN KEY (site_id) REFERENCES ledger.site'),
    ('cloud', 'cloud_site_id_fkey', 'FOREIGN KEY (site_id) REFERENCES ledger.site'),
    ('resource', 'resource_site_id_fkey', 'FOREIGN KEY (site_id) REFERENCES ledger.site'),
    ('epoch', 'epoch_site_id_fkey', 'FOREIGN KEY (site_id) REFERENCES ledger.site'),
    ('flavor', 'flavor_site_id_fkey', 'FOREIGN KEY (site_id) REFERENCES ledger.site'),
    ('refusal', 'refusal_site_id_fkey', 'FOREIGN KEY (site_id) REFERENCES ledger.site')
$$;

CREATE FUNCTION pg_temp.has_key(wanted_table text, wanted_name text) RETURNS boolean LANGUAGE sql AS $$
  SELECT EXISTS (
    SELECT FROM pg_constraint
    WHERE contype = 'f' AND conname = wanted_name AND conrelid = ('ledger.' || wanted_table)::regclass)
$$;

CREATE FUNCTION pg_temp.require_rest() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass('pg_dist_partition') IS NULL THEN
    RAISE EXCEPTION 'this database has no Citus: run CREATE EXTENSION citus on every node first';
  END IF;
  IF to_regclass('ledger.site_state') IS NULL THEN
    RAISE EXCEPTION 'this database has no ledger: start a portal of the newest version once, and stop it';
  END IF;
  IF EXISTS (SELECT FROM ledger.portal WHERE alive_until > clock_timestamp()) THEN
    RAISE EXCEPTION 'a portal uses the ledger: stop all portals first; a killed one counts as running for 30 seconds';
  END IF;
  RETURN 'no portal uses the ledger';
END
$$;

CREATE FUNCTION pg_temp.drop_key(of_table text, name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_temp.has_key(of_table, name) OR pg_temp.distributed(of_table) THEN
    RETURN format('%s: nothing to drop', name);
  END IF;
  EXECUTE format('ALTER TABLE ledger.%I DROP CONSTRAINT %I', of_table, name);
  RETURN format('%s: dropped for the moment', name);
END
$$;

CREATE FUNCTION pg_temp.add_key(of_table text, name text, definition text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF pg_temp.has_key(of_table, name) THEN
    RETURN format('%s: is there', name);
  END IF;
  EXECUTE format('ALTER TABLE ledger.%I ADD CONSTRAINT %I %s', of_table, name, definition);
  RETURN format('%s: added', name);
END
$$;

CREATE FUNCTION pg_temp.distribute(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF pg_temp.distributed(name) THEN
    RETURN format('ledger.%s: is distributed', name);
  END IF;
  IF name = 'site' THEN
    PERFORM create_reference_table('ledger.site');
  ELSIF name = 'site_state' THEN
    PERFORM create_distributed_table('ledger.site_state', 'site_id', colocate_with => 'none');
  ELSE
    PERFORM create_distributed_table(('ledger.' || name)::regclass, 'site_id', colocate_with => 'ledger.site_state');
  END IF;
  RETURN format('ledger.%s: distributed now', name);
END
$$;

SELECT pg_temp.require_rest() AS step;
SELECT pg_temp.drop_key(key_table, key_name) AS step FROM pg_temp.ledger_keys();

-- ledger.portal, ledger.lease, ledger.migration, the accounts (ledger.account_change, ledger.account_record, ledger.person)
-- and the schema remote_write stay on the coordinator.
SELECT pg_temp.distribute('site') AS step;
SELECT pg_temp.distribute('site_state') AS step;
SELECT pg_temp.distribute('cloud') AS step;
SELECT pg_temp.distribute('project') AS step;
SELECT pg_temp.distribute('project_name') AS step;
SELECT pg_temp.distribute('flavor') AS step;
SELECT pg_temp.distribute('resource') AS step;
SELECT pg_temp.distribute('epoch') AS step;
SELECT pg_temp.distribute('meter') AS step;
SELECT pg_temp.distribute('entry') AS step;
SELECT pg_temp.distribute('day') AS step;
SELECT pg_temp.distribute('month') AS step;
SELECT pg_temp.distribute('cloud_day') AS step;
SELECT pg_temp.distribute('site_hour') AS step;
SELECT pg_temp.distribute('cloud_gap') AS step;
SELECT pg_temp.distribute('meter_gap') AS step;
SELECT pg_temp.distribute('late_entry') AS step;
SELECT pg_temp.distribute('anomaly') AS step;
SELECT pg_temp.distribute('refusal') AS step;

-- One key in a statement, so that an interruption loses none that is there already.
SELECT pg_temp.add_key(key_table, key_name, definition) AS step FROM pg_temp.ledger_keys() WHERE key_name = 'site_state_site_id_fkey';
SELECT pg_temp.add_key(key_table, key_name, definition) AS step FROM pg_temp.ledger_keys() WHERE key_name = 'cloud_site_id_fkey';
SELECT pg_temp.add_key(key_table, key_name, definition) AS step FROM pg_temp.ledger_keys() WHERE key_name = 'resource_site_id_fkey';
SELECT pg_temp.add_key(key_table, key_name, definition) AS step FROM pg_temp.ledger_keys() WHERE key_name = 'epoch_site_id_fkey';
SELECT pg_temp.add_key(key_table, key_name, definition) AS step FROM pg_temp.ledger_keys() WHERE key_name = 'flavor_site_id_fkey';
SELECT pg_temp.add_key(key_table, key_name, definition) AS step FROM pg_temp.ledger_keys() WHERE key_name = 'refusal_site_id_fkey';
