import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { expect, it, onTestFinished } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { openDatabase } from '../../src/portal/database/database.ts';
import { renewLeases } from '../../src/portal/leases/lease-store.ts';
import { openLedger } from '../../src/portal/ledger/store/open-ledger.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { runSql } from '../support/postgresql-server.ts';
import { reading } from './in-memory-book.ts';
import {
  clockAt,
  columns,
  HOUR,
  MINUTE,
  NOON,
  onEveryPostgresql,
  query,
  sitesNamed,
  sweep,
} from './fixture.ts';

const LONG_MS = 600_000;
const DOWN = 'the database node of this site is down';

/**
 * Makes a plain PostgreSQL fail as a Citus does while the node of one site is down: reads and changes of rows of the site fail,
 * and so do changes of `ledger.site`, which is on every node. Policies do this for a role that is no superuser.
 */
async function pretendDown(connection: DatabaseConnection, site: string): Promise<void> {
  await runSql(
    connection,
    `CREATE FUNCTION ledger.reach(id integer) RETURNS boolean LANGUAGE plpgsql COST 100000 AS $$
     BEGIN
       IF id = (SELECT site_id FROM ledger.site WHERE name = '${site}') THEN
         RAISE EXCEPTION 'connection to the remote node worker2:5432 failed' USING ERRCODE = '08006';
       END IF;
       RETURN true;
     END $$;
     CREATE FUNCTION ledger.no_writes() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       RAISE EXCEPTION 'connection to the remote node worker2:5432 failed' USING ERRCODE = '08006';
     END $$;
     CREATE TRIGGER down BEFORE INSERT OR UPDATE OR DELETE ON ledger.site FOR EACH STATEMENT EXECUTE FUNCTION ledger.no_writes();
     DO $$
     DECLARE one text;
     BEGIN
       FOR one IN SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
                  WHERE table_schema = 'ledger' AND column_name = 'site_id' AND table_name <> 'site' AND table_type = 'BASE TABLE' LOOP
         EXECUTE format('ALTER TABLE ledger.%I ENABLE ROW LEVEL SECURITY', one);
         EXECUTE format('CREATE POLICY node ON ledger.%I USING (ledger.reach(site_id))', one);
       END LOOP;
       ALTER VIEW ledger.hourly SET (security_invoker = true);
       ALTER VIEW ledger.daily SET (security_invoker = true);
       ALTER VIEW ledger.monthly SET (security_invoker = true);
       EXECUTE format('CREATE ROLE %I LOGIN', 'portal_of_' || current_database());
       EXECUTE format('GRANT ALL ON SCHEMA ledger, remote_write TO %I', 'portal_of_' || current_database());
       EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA ledger, remote_write TO %I', 'portal_of_' || current_database());
       EXECUTE format('GRANT ALL ON ALL SEQUENCES IN SCHEMA ledger, remote_write TO %I', 'portal_of_' || current_database());
       EXECUTE format('ALTER DATABASE %I SET role = %I', current_database(), 'portal_of_' || current_database());
     END $$`,
  );
  onTestFinished(async () => {
    await runSql(
      connection,
      `SET ROLE NONE; DO $$
       BEGIN
         EXECUTE format('DROP OWNED BY %I', 'portal_of_' || current_database());
         EXECUTE format('DROP ROLE %I', 'portal_of_' || current_database());
       END $$`,
    );
  });
}

onEveryPostgresql('a ledger with a database node that is down', (freshLedger) => {
  const setUp = async () => {
    const { ledger, connection } = await freshLedger(['a', 'b']);
    for (const site of ['a', 'b']) {
      await ledger.fold(site, sweep([reading(NOON, 0)]));
      await ledger.fold(site, sweep([reading(NOON + MINUTE, HOUR)]));
    }
    await pretendDown(connection, 'b');
    const database = await openDatabase(connection, silentLogger());
    const clock = clockAt({ nowMs: NOON + HOUR });
    const open = await openLedger({ database, clock, logger: silentLogger() });
    onTestFinished(async () => await open.close());
    return { ledger: open, database };
  };

  it('starts with the sites that it had, folds sweeps of living nodes, and answers questions about them', async () => {
    const { ledger } = await setUp();
    await ledger.declareSites(sitesNamed('a', 'b').map((site) => ({ ...site, retiredClouds: [] })));
    await ledger.fold('a', sweep([reading(NOON + 2 * MINUTE, 2 * HOUR)]));
    await expect(ledger.fold('b', sweep([reading(NOON + 2 * MINUTE, 2 * HOUR)]))).rejects.toThrow(
      'remote node',
    );
    for (const step of ['hour', 'day', 'month', 'total'] as const) {
      const { data } = await ledger.usage(query({ step, site: 'a' }));
      expect(columns(data, 'site', 'amount')).toEqual([['a', 2]]);
    }
    expect((await ledger.projects({ scope: EVERYTHING, site: 'a', limit: 10 })).data).toHaveLength(1);
    expect(
      (await ledger.coverage({ scope: EVERYTHING, fromMs: NOON, toMs: NOON + HOUR, site: 'a', limit: 10 }))
        .data.length,
    ).toBeGreaterThan(0);
  });

  it('names the sites that are unavailable', async () => {
    const { ledger } = await setUp();
    expect(
      (await ledger.sites({ scope: EVERYTHING })).map(({ name, lastError }) => [name, lastError]),
    ).toEqual([
      ['a', undefined],
      ['b', DOWN],
    ]);
    const refusal = 'the database node of these sites is down: b: ask for one other site, or later';
    await expect(ledger.usage(query({ step: 'total' }))).rejects.toThrow(refusal);
    await expect(ledger.usage(query({ step: 'total', site: 'b' }))).rejects.toThrow(refusal);
    await expect(ledger.projects({ scope: EVERYTHING, limit: 10 })).rejects.toThrow(refusal);
  });

  it('answers questions that do not see its sites, and names only sites that a question sees', async () => {
    const { ledger } = await setUp();
    const grants = [{ name: 'mine', projects: [{ site: 'b', projectId: 'p1' }] }];
    const period = { fromMs: NOON, toMs: NOON + HOUR, limit: 10 };
    const own = { scope: { sites: ['a'], grants: [] }, grants };
    for (const step of ['hour', 'day', 'month', 'total'] as const)
      for (const by of [[], ['grant'], ['site', 'project', 'resource', 'flavor']] as const) {
        const { data } = await ledger.usage(query({ ...own, step, by: new Set(by) }));
        expect(columns(data, 'amount')).toEqual([[1]]);
      }
    expect((await ledger.projects({ ...own, limit: 10 })).data).toHaveLength(1);
    expect((await ledger.coverage({ ...own, ...period })).data).toHaveLength(1);
    expect((await ledger.sites(own)).map(({ name }) => name)).toEqual(['a']);

    const both = { scope: { sites: ['a'], grants: ['mine'] }, grants };
    const refusal = 'the database node of these sites is down: b: ask for one other site, or later';
    await expect(ledger.usage(query({ ...both, step: 'total' }))).rejects.toThrow(refusal);
    await expect(ledger.coverage({ ...both, ...period })).rejects.toThrow(refusal);
    expect((await ledger.coverage({ ...both, ...period, site: 'a' })).data).toHaveLength(1);
    expect((await ledger.sites(both)).map(({ name }) => name)).toEqual(['a']);
  });

  it('keeps leases, and packs the days of other sites', async () => {
    const { ledger, database } = await setUp();
    const both = { read: ['a', 'b'], declared: ['a', 'b'] };
    const first = await renewLeases(database, 'one', both, LONG_MS);
    expect([[...first.held].toSorted(), first.undeclared]).toEqual([
      ['inbox', 'site/a', 'site/b'],
      undefined,
    ]);
    const other = await renewLeases(database, 'one', { read: ['a'], declared: ['a'] }, LONG_MS);
    expect([...other.held].toSorted()).toEqual(['inbox', 'site/a']);
    expect(other.undeclared).toMatchObject({ code: '08006' });
    await expect(ledger.maintain()).rejects.toThrow(/^site 'b': /);
  });
});
