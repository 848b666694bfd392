import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sql } from '../../src/portal/database/sql.ts';
import type { Ledger, Sweep } from '../../src/portal/ledger/ledger.ts';
import { siteIdOf } from '../../src/portal/ledger/store/sweeps/load/lock-site.ts';
import { reading } from './in-memory-book.ts';
import {
  at,
  columns,
  foldAll,
  HOUR,
  MINUTE,
  NOON,
  onEveryPostgresql,
  query,
  sitesNamed,
  storeOn,
  sweep,
  type LedgerFixture,
} from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';

/** Sites of different sizes. Some get projects, names and clouds, or have totals that fall, refusals, or a new epoch. */
function variedSweep(site: number, minute: number): Sweep {
  const readings = Array.from({ length: 1 + (site % 4) + (site % 3 === 1 ? minute : 0) }, (_, project) =>
    reading(NOON + minute * MINUTE, (site % 5 === 2 && minute === 61 ? 1 : minute) * (project + 1) * MINUTE, {
      projectId: `p${project}`,
      projectName: site % 6 === 3 && minute > 30 ? 'renamed' : 'one',
      epoch: site % 7 === 4 && minute > 59 ? 'second' : 'first',
      cloud: site % 4 === 1 && project > 2 ? 'other' : '',
      resource: site % 2 === 0 && project === 1 ? 'mb' : 'vcpu',
    }),
  );
  const refusals = site === 8 ? [{ reason: 'bad', count: 2, example: 'one' }] : [];
  return sweep(site === 9 && minute === 2 ? [] : readings, refusals);
}

/** All rows, in any order. The last line has a checksum, which depends on the order. */
async function rowsOf(ledger: Ledger): Promise<string[]> {
  let text = '';
  for await (const piece of ledger.exportLines()) text += piece;
  return text.trimEnd().split('\n').slice(0, -1).toSorted();
}

onEveryPostgresql('folds of several sites at once', (freshLedger) => {
  const SITES = Array.from({ length: 20 }, (_, index) => `s${index}`);
  const next = (hour: number) => sweep([reading(NOON + hour * HOUR, hour * HOUR)]);
  const foldEach = async (ledger: Ledger, hour: number) =>
    await Promise.allSettled(SITES.map(async (site) => await ledger.fold(site, next(hour))));
  const failed = (results: readonly PromiseSettledResult<unknown>[]) =>
    SITES.filter((_, index) => results[index]?.status === 'rejected');

  it('count the usage of each, and keep the failure of one at its site', async () => {
    const { ledger, connection } = await freshLedger(SITES);
    await foldEach(ledger, 0);
    await runSql(
      connection,
      `CREATE FUNCTION ledger.broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF new.site_id = (SELECT site_id FROM ledger.site WHERE name = 's7') THEN RAISE 'broken'; END IF; RETURN new; END $$;
       CREATE TRIGGER broken BEFORE UPDATE ON ledger.meter FOR EACH ROW EXECUTE FUNCTION ledger.broken()`,
    );
    expect(failed(await foldEach(ledger, 1))).toEqual(['s7']);
    await runSql(connection, 'DROP FUNCTION ledger.broken() CASCADE');
    expect(failed(await foldEach(ledger, 2))).toEqual([]);
    const { data } = await ledger.usage(query({ step: 'total', by: new Set(['site']) }));
    expect(data.map(({ site, amount }) => [site, amount])).toEqual(SITES.toSorted().map((site) => [site, 2]));
    expect(await ledger.verify()).toEqual([]);
  });

  it('leave the same ledger as folds one after the other, while some of the sites change', async () => {
    const together = await freshLedger(SITES);
    const single = await freshLedger(SITES);
    for (const minute of [0, 1, 2, 30, 59, 60, 61, 62, 150]) {
      const sweeps = SITES.map((_, index) => variedSweep(index, minute));
      const each = async ({ ledger }: LedgerFixture, index: number) =>
        await ledger.fold(`s${index}`, sweeps[index] as Sweep);
      const outcomes = await Promise.all(sweeps.map(async (_, index) => await each(together, index)));
      for (const [index, outcome] of outcomes.entries()) expect(await each(single, index)).toEqual(outcome);
    }
    expect(await rowsOf(together.ledger)).toEqual(await rowsOf(single.ledger));
    expect(await together.ledger.verify()).toEqual([]);
  });

  it('share no transaction after a pause, because usage of many hours takes time', async () => {
    const { ledger, connection } = await freshLedger(SITES);
    const database = storeOn(connection);
    const transactions: number[] = [];
    for (const hour of [0, 1, 2, 10, 11]) {
      await foldEach(ledger, hour);
      const { rows } = await database.query<{ count: number }>(
        sql`SELECT count(DISTINCT xmin::text)::int AS count FROM ledger.meter`,
      );
      transactions.push(rows[0]?.count ?? 0);
    }
    const isShared = transactions.map((count) => count < SITES.length);
    expect(isShared).toEqual([false, true, true, false, true]);
  });

  it('do not wait for the lock of another site', async () => {
    const { ledger, connection } = await freshLedger(SITES);
    await foldEach(ledger, 0);
    const database = storeOn(connection);
    const siteId = await siteIdOf(database, 's7');
    const folding = new Map<string, Promise<unknown>>();
    await database.transaction(async (trx) => {
      await trx.query(sql`SELECT FROM ledger.site_state WHERE site_id = ${siteId} FOR UPDATE`);
      for (const site of SITES) folding.set(site, ledger.fold(site, next(1)));
      await Promise.all(SITES.map(async (site) => (site === 's7' ? undefined : await folding.get(site))));
    });
    expect(await folding.get('s7')).toMatchObject({ folded: 1 });
    expect(await ledger.verify()).toEqual([]);
  });
});

onEveryPostgresql('the directory', (freshLedger) => {
  describe('projects', () => {
    it('have all names over time, those of its time in a grant for anyone who sees the grant', async () => {
      const { ledger } = await freshLedger(['a']);
      for (const [hour, projectName] of ['one', 'one', 'two', 'three', 'three'].entries())
        await ledger.fold('a', sweep([reading(NOON + hour * HOUR, hour * HOUR, { projectName })]));
      const names = async (question: object) => {
        const asked = { scope: EVERYTHING, history: true, limit: 10, ...question };
        return (await ledger.projects(asked)).data.map((project) => project.names);
      };
      const named = (projectName: string, from: number, to?: number) => ({
        projectName,
        domainName: 'Default',
        fromMs: NOON + from * HOUR,
        toMs: to === undefined ? undefined : NOON + to * HOUR,
      });
      expect(await names({})).toEqual([[named('one', 0, 2), named('two', 2, 3), named('three', 3)]]);
      const inGrant = (from: number, to?: number) => {
        const toMs = to === undefined ? undefined : NOON + to * HOUR;
        const project = { site: 'a', projectId: 'p1', fromMs: NOON + from * HOUR, toMs };
        return { scope: { sites: [], grants: ['g'] }, grants: [{ name: 'g', projects: [project] }] };
      };
      expect(await names(inGrant(1, 3))).toEqual([[named('one', 1, 2), named('two', 2, 3)]]);
      expect(await names(inGrant(2))).toEqual([[named('two', 2, 3), named('three', 3)]]);
    });

    it('are only those with other names before, if asked for, at sites that one sees as a whole', async () => {
      const { ledger } = await freshLedger(['a', 'b']);
      for (const site of ['a', 'b'])
        for (const [hour, projectName] of ['one', 'two'].entries()) {
          const kept = reading(NOON + hour * HOUR, hour * HOUR, { projectId: 'kept' });
          await ledger.fold(site, sweep([reading(NOON + hour * HOUR, hour * HOUR, { projectName }), kept]));
        }
      const renamed = async (question: object) => {
        const asked = { scope: EVERYTHING, renamed: true, limit: 10, ...question };
        return (await ledger.projects(asked)).data.map(({ site, projectId }) => `${site} ${projectId}`);
      };
      expect(await renamed({})).toEqual(['a p1', 'b p1']);
      expect(await renamed({ site: 'b' })).toEqual(['b p1']);
      const scope = { sites: ['a'], grants: ['g'] };
      const grants = [{ name: 'g', projects: [{ site: 'b', projectId: 'p1' }] }];
      expect(await renamed({ scope, grants })).toEqual(['a p1']);
    });

    it('have their latest name, and are found by parts of the name and of the id', async () => {
      const { ledger } = await freshLedger(['a', 'b']);
      const strange = 'Größe "quoted" \\back\\slash {1,2}';
      await ledger.fold(
        'a',
        sweep([reading(NOON, 0), reading(NOON, 0, { projectId: 'ABC', projectName: strange })]),
      );
      await ledger.fold(
        'a',
        sweep([reading(NOON + MINUTE, HOUR, { projectName: 'renamed', domainName: 'Moved' })]),
      );
      await ledger.fold('b', sweep([reading(NOON, 0)]));
      const rest = { cloud: '', domainId: 'default', domainName: 'Default', firstReadingMs: NOON };
      const abc = { ...rest, site: 'a', projectId: 'ABC', projectName: strange, lastReadingMs: NOON };
      const renamed = {
        ...rest,
        site: 'a',
        projectId: 'p1',
        projectName: 'renamed',
        domainName: 'Moved',
        lastReadingMs: NOON + MINUTE,
      };
      const ofB = { ...rest, site: 'b', projectId: 'p1', projectName: 'one', lastReadingMs: NOON };
      const found = async (more: object) =>
        (await ledger.projects({ scope: EVERYTHING, limit: 10, ...more })).data;
      expect(await found({})).toEqual([abc, renamed, ofB]);
      expect(await found({ search: 'GRÖSSE' })).toEqual([]);
      expect(await found({ search: 'GRÖßE "Q' })).toEqual([abc]);
      expect(await found({ search: 'abc' })).toEqual([abc]);
      expect(await found({ search: '\\back' })).toEqual([abc]);
      expect(await found({ search: '%' })).toEqual([]);
      expect(await found({ site: 'b' })).toEqual([ofB]);
      expect(columns((await ledger.usage(query({ step: 'total' }))).data, 'projectName', 'amount')).toEqual([
        ['renamed', 1],
      ]);
    });

    it('come in pages', async () => {
      const { ledger } = await freshLedger(['a', 'b']);
      for (const site of ['a', 'b'])
        await ledger.fold(
          site,
          sweep(['p1', 'p2', 'p3'].map((projectId) => reading(NOON, 0, { projectId }))),
        );
      const first = await ledger.projects({ scope: EVERYTHING, limit: 4 });
      const second = await ledger.projects({ scope: EVERYTHING, limit: 4, cursor: first.next ?? '' });
      expect([...first.data, ...second.data].map(({ site, projectId }) => site + projectId)).toEqual([
        'ap1',
        'ap2',
        'ap3',
        'bp1',
        'bp2',
        'bp3',
      ]);
      expect(second.next).toBeNull();
    });
  });

  describe('the room of a site', () => {
    it('is bounded: new projects beyond it are refused and shown, known projects and other sites continue', async () => {
      const { ledger } = await freshLedger([]);
      await ledger.declareSites([
        { name: 'a', labels: {}, maxProjects: 3 },
        { name: 'b', labels: {} },
      ]);
      const of = (atMs: number, ...ids: string[]) =>
        sweep(ids.map((projectId) => reading(atMs, (atMs - NOON) * 2, { projectId, epoch: '' })));
      await ledger.fold('a', of(NOON, 'p1', 'p2'));
      const outcome = await ledger.fold('a', of(NOON + MINUTE, 'q1', 'p1', 'q2', 'p2'));
      expect(outcome).toEqual({
        folded: 3,
        ignored: 0,
        anomalies: 0,
        refusals: [
          {
            reason: 'too many projects',
            count: 1,
            example: 'project_id="q2" project_name="one" resource="vcpu"',
          },
        ],
      });
      await ledger.foldLate('a', [of(NOON + 2 * MINUTE, 'q3', 'p1')]);
      expect(await ledger.sites({ scope: EVERYTHING })).toMatchObject([
        { projects: 3, refusedSeries: 1 },
        { projects: 0 },
      ]);
      expect((await ledger.fold('b', of(NOON, 'p1', 'p2', 'p3', 'p4'))).folded).toBe(4);
      expect(columns((await ledger.usage(query({ step: 'total' }))).data, 'projectId', 'amount')).toEqual([
        ['p1', (4 * MINUTE) / HOUR],
        ['p2', (2 * MINUTE) / HOUR],
        ['q1', (2 * MINUTE) / HOUR],
      ]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('allows ten names for each project: a project with more keeps counting under the last stored name', async () => {
      const { ledger, connection } = await freshLedger([]);
      await ledger.declareSites([{ name: 'a', labels: {}, maxProjects: 2 }]);
      for (let minute = 0; minute < 30; minute += 1)
        await ledger.fold(
          'a',
          sweep([reading(NOON + minute * MINUTE, minute * MINUTE, { projectName: `name ${minute}` })]),
        );
      expect(await runSql(connection, 'SELECT FROM ledger.project_name')).toHaveLength(20);
      expect((await ledger.sites({ scope: EVERYTHING }))[0]?.refusedSeries).toBe(1);
      const { data } = await ledger.usage(query({ step: 'total' }));
      expect(columns(data, 'projectName', 'amount')).toEqual([['name 19', (29 * MINUTE) / HOUR]]);
    });

    it('bounds epochs: an exporter with a new epoch each time stops counting, and other meters continue', async () => {
      const { ledger, connection } = await freshLedger(['a']);
      await ledger.fold('a', sweep([reading(NOON, 0), reading(NOON, 0, { projectId: 'p2', epoch: 'x' })]));
      await runSql(
        connection,
        `INSERT INTO ledger.epoch (site_id, epoch_id, name)
         SELECT site_id, 1000 + i, 'e' || i FROM ledger.site, generate_series(1, 9998) AS i`,
      );
      await ledger.fold(
        'a',
        sweep([reading(NOON + HOUR, HOUR), reading(NOON + HOUR, HOUR, { projectId: 'p2', epoch: 'y' })]),
      );
      const { data } = await ledger.usage(query({ step: 'total' }));
      expect(columns(data, 'projectId', 'amount')).toEqual([['p1', 1]]);
      expect((await ledger.sites({ scope: EVERYTHING }))[0]?.refusedSeries).toBe(1);
    });
  });

  describe('sites', () => {
    it('show their readings and the reason of a failure', async () => {
      const { ledger } = await freshLedger([]);
      await ledger.declareSites([{ name: 'a', labels: { location_id: '8676' } }]);
      const nothing = {
        name: 'a',
        labels: { location_id: '8676' },
        firstReadingMs: undefined,
        lastReadingMs: undefined,
        clouds: [],
        lastSweepMs: undefined,
        lastSuccessMs: undefined,
        lastError: undefined,
        declared: true,
        ordinaryPauseMs: 900_000,
        projects: 0,
        meters: 0,
        refusedSeries: 0,
        anomalies: 0,
      };
      expect(await ledger.sites({ scope: EVERYTHING })).toEqual([nothing]);
      // Another portal, which has the site only for its senders.
      await ledger.declareSites([{ name: 'a' }]);
      expect(await ledger.sites({ scope: EVERYTHING })).toEqual([nothing]);
      const refusals = [
        { reason: 'not a number', count: 2, example: 'x' },
        { reason: 'no project_id', count: 1, example: 'y' },
      ];
      await ledger.fold('a', sweep([reading(NOON, 5), reading(NOON, 5, { resource: 'mb' })]));
      await ledger.fold('a', sweep([reading(NOON + MINUTE, 2)], refusals));
      const read = {
        ...nothing,
        firstReadingMs: NOON,
        lastReadingMs: NOON + MINUTE,
        clouds: [{ cloud: '', lastReadingMs: NOON + MINUTE }],
        lastSweepMs: NOON + MINUTE,
        lastSuccessMs: NOON + MINUTE,
        lastError: 'series were refused: not a number (2, such as x); no project_id (1, such as y)',
        projects: 1,
        meters: 2,
        refusedSeries: 3,
        anomalies: 1,
      };
      expect(await ledger.sites({ scope: EVERYTHING })).toEqual([read]);
      await ledger.recordFailure('a', NOON + 2 * MINUTE, 'the gate answers 401');
      expect(await ledger.sites({ scope: EVERYTHING })).toEqual([
        { ...read, lastSweepMs: NOON + 2 * MINUTE, lastError: 'the gate answers 401' },
      ]);
      await ledger.fold('a', sweep([reading(NOON + 3 * MINUTE, 3)]));
      expect(await ledger.sites({ scope: EVERYTHING })).toMatchObject([
        { lastError: undefined, refusedSeries: 0 },
      ]);
      const standing = { ...sweep([reading(NOON + 3 * MINUTE, 3)]), receivedAtMs: NOON + 19 * MINUTE };
      await ledger.fold('a', standing);
      expect(await ledger.sites({ scope: EVERYTHING })).toMatchObject([
        {
          lastSuccessMs: NOON + 19 * MINUTE,
          lastError: `the site answers, but the exporter's totals have not moved since ${at(NOON + 3 * MINUTE)}`,
        },
      ]);
      await ledger.fold('a', sweep([reading(NOON + 19 * MINUTE, 4)]));
      expect(await ledger.sites({ scope: EVERYTHING })).toMatchObject([{ lastError: undefined }]);
    });

    it('show an error if one of their clouds stands still, unless that cloud is retired', async () => {
      const { ledger } = await freshLedger(['a']);
      const of = (cloud: string, minute: number) =>
        reading(NOON + minute * MINUTE, minute, { cloud, epoch: `epoch of ${cloud}` });
      const status = async () => (await ledger.sites({ scope: EVERYTHING }))[0];
      const fold = async (minute: number, ...clouds: string[]) =>
        await ledger.fold('a', sweep(clouds.map((cloud) => of(cloud, minute))));
      await fold(0, 'east', 'west', 'south');
      await fold(15, 'east', 'west');
      expect(await status()).toMatchObject({ lastError: undefined });
      await fold(16, 'east', 'west');
      expect(await status()).toMatchObject({
        lastReadingMs: NOON + 16 * MINUTE,
        clouds: [
          { cloud: 'south', lastReadingMs: NOON },
          { cloud: 'east', lastReadingMs: NOON + 16 * MINUTE },
          { cloud: 'west', lastReadingMs: NOON + 16 * MINUTE },
        ],
        lastError: `the site answers, but the totals of cloud 'south' have not moved since ${at(NOON)}`,
      });
      await ledger.declareSites([{ name: 'a', labels: {}, retiredClouds: ['south'] }]);
      expect(await status()).toMatchObject({
        clouds: [{ cloud: 'east' }, { cloud: 'west' }],
        lastError: undefined,
      });
      await fold(32, 'east');
      expect(await status()).toMatchObject({
        lastError: `the site answers, but the totals of cloud 'west' have not moved since ${at(NOON + 16 * MINUTE)}`,
      });
      await ledger.declareSites([{ name: 'a', labels: {}, retiredClouds: ['east', 'south', 'west'] }]);
      expect(await status()).toMatchObject({
        lastReadingMs: NOON + 32 * MINUTE,
        clouds: [],
        lastError: undefined,
      });
    });

    it('have at every portal the settings that one portal declared last', async () => {
      const { ledger, time, open } = await freshLedger([]);
      const site = { name: 'a', labels: { location_id: '8676' } };
      await ledger.declareSites([{ ...site, intervalMs: 20 * MINUTE, maxProjects: 1, clouds: ['east'] }]);
      await foldAll(ledger, 'a', reading(NOON + 30 * MINUTE, 0), reading(NOON + 75 * MINUTE, HOUR));
      time.nowMs = NOON + 2.5 * HOUR;
      const other = await open();
      onTestFinished(async () => await other.close());
      const answers = async (portal: Ledger) => [
        (await portal.sites({ scope: EVERYTHING })).map((row) => [row.labels, row.ordinaryPauseMs]),
        columns((await portal.usage(query())).data, 'coverage'),
        (
          await portal.coverage({ scope: EVERYTHING, fromMs: NOON, toMs: NOON + 2 * HOUR, limit: 9 })
        ).data.map(({ coverage }) => coverage),
      ];
      const labels = site.labels;
      const asDeclared = [[[labels, HOUR]], [['measured'], ['measured']], ['measured', 'measured']];
      expect([await answers(ledger), await answers(other)]).toEqual([asDeclared, asDeclared]);
      // The other portal has the site only for its senders.
      await other.declareSites([{ name: 'a' }]);
      expect([await answers(ledger), await answers(other)]).toEqual([asDeclared, asDeclared]);
      const strange = [
        reading(NOON + 120 * MINUTE, HOUR, { cloud: 'west' }),
        reading(NOON + 120 * MINUTE, 0, { projectId: 'p2' }),
      ];
      expect(await other.fold('a', sweep(strange))).toMatchObject({
        folded: 1,
        refusals: [{ reason: 'too many projects', count: 1 }],
      });
      expect((await other.sites({ scope: EVERYTHING }))[0]?.clouds.map(({ cloud }) => cloud)).toEqual(['']);
      await other.declareSites([{ ...site, intervalMs: null, maxProjects: null, clouds: null }]);
      const next = [
        reading(NOON + 150 * MINUTE, 0, { projectId: 'p3', cloud: 'west', epoch: 'w' }),
        reading(NOON + 150 * MINUTE, 2 * HOUR),
      ];
      expect((await ledger.fold('a', sweep(next))).folded).toBe(2);
      expect((await ledger.sites({ scope: EVERYTHING }))[0]).toMatchObject({
        declared: true,
        ordinaryPauseMs: 900_000,
        clouds: [{ cloud: '' }, { cloud: 'west' }],
      });
    });

    it('that are removed from the configuration keep their entries; sites without a reading disappear', async () => {
      const { ledger } = await freshLedger(['a', 'b', 'c']);
      await foldAll(ledger, 'b', reading(NOON, 0), reading(NOON + MINUTE, HOUR));
      await ledger.recordFailure('b', NOON + 2 * MINUTE, 'the last sweep failed');
      await ledger.declareSites(sitesNamed('a'));
      const sites = await ledger.sites({ scope: EVERYTHING });
      expect(sites.map(({ name, declared, lastError }) => [name, declared, lastError])).toEqual([
        ['a', true, undefined],
        ['b', false, undefined],
      ]);
      expect(columns((await ledger.usage(query())).data, 'site', 'amount')).toEqual([['b', 1]]);
    });
  });
});
