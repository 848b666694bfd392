import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import { InMemoryBook, reading } from './in-memory-book.ts';
import { foldIntoSite } from '../../src/portal/ledger/store/sweeps/fold-sweep.ts';
import { lockSite, siteIdOf } from '../../src/portal/ledger/store/sweeps/load/lock-site.ts';
import { BEGIN_FOLD } from '../../src/portal/ledger/store/database/fence.ts';
import { sql } from '../../src/portal/database/sql.ts';
import {
  columns,
  foldAll,
  foldInParts,
  HOUR,
  MINUTE,
  NOON,
  onEveryPostgresql,
  query,
  sitesNamed,
  storeOn,
  sweep,
} from './fixture.ts';
import { anyReading, entriesOf, storedEntries } from './against-book.ts';
import { runSql } from '../support/postgresql-server.ts';

onEveryPostgresql('sweeps', (freshLedger) => {
  describe('the same site read in two ways', () => {
    const hoursByCloud = { step: 'total', by: new Set(['cloud', 'project'] as const) } as const;

    it.each(['e', ''])(
      'counts once with any label `cloud` that a program on the way sets (A9), with the epoch %j',
      async (epoch) => {
        const { ledger } = await freshLedger();
        for (let minute = 0; minute <= 28; minute += 1)
          for (const cloud of ['', 'dc1'])
            await ledger.fold(
              'a',
              sweep([reading(NOON + minute * MINUTE, minute * MINUTE, { cloud, epoch })]),
            );
        const { data } = await ledger.usage(query(hoursByCloud));
        expect(columns(data, 'cloud', 'projectId', 'amount')).toEqual([['', 'p1', 28 / 60]]);
      },
    );

    it('stays in its cloud if the configuration names other clouds later', async () => {
      const { ledger } = await freshLedger();
      const west = { cloud: 'west', epoch: 'w' };
      await foldAll(ledger, 'a', reading(NOON, 0, west), reading(NOON + MINUTE, MINUTE, west));
      await ledger.declareSites([{ name: 'a', clouds: ['second'] }]);
      await foldAll(ledger, 'a', reading(NOON + 2 * MINUTE, 2 * MINUTE, west));
      const old = { projectId: 'p2', epoch: '' };
      for (const cloud of ['second', 'dc1'])
        await foldAll(
          ledger,
          'a',
          reading(NOON, 0, { ...old, cloud }),
          reading(NOON + MINUTE, MINUTE, { ...old, cloud }),
        );
      const { data } = await ledger.usage(query(hoursByCloud));
      expect(columns(data, 'cloud', 'projectId', 'amount')).toEqual([
        ['', 'p2', 1 / 60],
        ['second', 'p2', 1 / 60],
        ['west', 'p1', 2 / 60],
      ]);
    });
  });

  describe('a sweep', () => {
    it('is folded with any total of one meter: usage beyond the limit of an hour is corrected (A10)', async () => {
      const { ledger } = await freshLedger();
      const high = 2n ** 61n;
      const outcomes = [];
      for (let minute = 0; minute <= 20; minute += 1) {
        const atMs = NOON + minute * MINUTE;
        const swings = reading(atMs, minute % 2 === 0 ? 0n : high, { projectId: 'swings' });
        outcomes.push(await ledger.fold('a', sweep([swings, reading(atMs, minute * MINUTE)])));
      }
      expect(outcomes.map(({ folded }) => folded)).toEqual(Array.from({ length: 21 }, () => 2));
      // Two rises count as usage; each other change, up or down, is a correction.
      expect(outcomes.reduce((sum, { anomalies }) => sum + anomalies, 0)).toBe(18);
      const later = [reading(NOON + HOUR, 0n), reading(NOON + HOUR + MINUTE, MINUTE)];
      await foldAll(ledger, 'a', ...later.map((one) => ({ ...one, projectId: 'swings' })));
      const { data } = await ledger.usage(query({ fromMs: NOON, step: 'total', by: new Set(['project']) }));
      expect(columns(data, 'projectId', 'amount')).toEqual([
        ['p1', 1 / 3],
        ['swings', Number(2n * high + BigInt(MINUTE)) / HOUR],
      ]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('is usage of the hours since the sweep before; the first sweep opens the meters', async () => {
      const { ledger } = await freshLedger();
      expect(await ledger.fold('a', sweep([reading(NOON - 2 * MINUTE, 777)]))).toEqual({
        folded: 1,
        ignored: 0,
        anomalies: 0,
      });
      // One vCPU for two minutes before noon and one minute after.
      await ledger.fold('a', sweep([reading(NOON + MINUTE, 777 + 3 * MINUTE)]));
      expect(await ledger.usage(query())).toEqual({
        data: [
          {
            site: 'a',
            projectId: 'p1',
            projectName: 'one',
            resource: 'vcpu',
            startMs: NOON - HOUR,
            amountMs: BigInt(2 * MINUTE),
            amount: 2 / 60,
            unit: 'vCPU-hours',
            coverage: 'measured',
          },
          {
            site: 'a',
            projectId: 'p1',
            projectName: 'one',
            resource: 'vcpu',
            startMs: NOON,
            amountMs: BigInt(MINUTE),
            amount: 1 / 60,
            unit: 'vCPU-hours',
            coverage: 'measured',
          },
        ],
        next: null,
      });
    });

    it('counts once, even if two portals fold it at the same moment', async () => {
      const { ledger, open } = await freshLedger();
      const other = await open();
      await ledger.fold('a', sweep([reading(NOON, 0)]));
      const readings = Array.from({ length: 20 }, (_, i) =>
        reading(NOON + (i + 1) * MINUTE, (i + 1) * MINUTE),
      );
      await Promise.all(
        readings.flatMap((one) => [ledger.fold('a', sweep([one])), other.fold('a', sweep([one]))]),
      );
      await other.close();
      expect(columns((await ledger.usage(query())).data, 'startMs', 'amount')).toEqual([[NOON, 20 / 60]]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('is folded whole or not at all (A6)', async () => {
      const { ledger, connection } = await freshLedger();
      await ledger.fold('a', sweep([reading(NOON, 0)]));
      await runSql(connection, `ALTER TABLE ledger.refusal ADD CONSTRAINT broken CHECK (reason <> 'broken')`);
      const refusals = [{ reason: 'broken', count: 1, example: '' }];
      const next = [reading(NOON + MINUTE, MINUTE), reading(NOON + MINUTE, 5, { projectId: 'p2' })];
      await expect(ledger.fold('a', sweep(next, refusals))).rejects.toThrow('broken');
      expect(await ledger.usage(query())).toEqual({ data: [], next: null });
      expect(await ledger.fold('a', sweep(next))).toEqual({ folded: 2, ignored: 0, anomalies: 0 });
      expect(await ledger.verify()).toEqual([]);
    });

    it('is folded whole or not at all, in any number of parts (A6)', async () => {
      const { ledger, connection } = await freshLedger();
      const database = storeOn(connection);
      const projects = ['p1', 'p2', 'p3', 'p4', 'p5'];
      const siteId = await siteIdOf(database, 'a');
      const fold = async (atMs: number) => {
        const readings = projects.map((projectId) => reading(atMs, atMs - NOON, { projectId }));
        return await foldInParts(database, siteId, sweep(readings), 1);
      };
      const kept = async () =>
        await runSql(
          connection,
          `SELECT (SELECT count(*)::int FROM ledger.project) AS projects, (SELECT count(*)::int FROM ledger.meter) AS meters,
                  (SELECT max(last_at_ms)::float FROM ledger.meter) AS last, next_id AS next FROM ledger.site_state`,
        );
      const nothing = await kept();
      for (const key of projects) {
        await runSql(connection, `ALTER TABLE ledger.project ADD CONSTRAINT broken CHECK (key <> '${key}')`);
        await expect(fold(NOON)).rejects.toThrow('broken');
        expect(await kept()).toEqual(nothing);
        await runSql(connection, 'ALTER TABLE ledger.project DROP CONSTRAINT broken');
      }
      await fold(NOON);
      const opened = await kept();
      for (const key of projects) {
        await runSql(
          connection,
          `CREATE FUNCTION ledger.broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF new.project_id = (SELECT project_id FROM ledger.project WHERE key = '${key}') THEN RAISE 'broken'; END IF; RETURN new; END $$;
           CREATE TRIGGER broken BEFORE UPDATE ON ledger.meter FOR EACH ROW EXECUTE FUNCTION ledger.broken()`,
        );
        await expect(fold(NOON + MINUTE)).rejects.toThrow('broken');
        expect(await kept()).toEqual(opened);
        await runSql(connection, 'DROP FUNCTION ledger.broken() CASCADE');
      }
      expect(await fold(NOON + MINUTE)).toEqual({ folded: 5, ignored: 0, anomalies: 0 });
      expect(await ledger.verify()).toEqual([]);
    });

    it('of an undeclared site is refused', async () => {
      const { ledger } = await freshLedger();
      await expect(ledger.fold('b', sweep([reading(NOON, 0)]))).rejects.toThrow(
        'the site "b" was not declared',
      );
    });

    it('needs as many statements for thousands of meters as for three, if they are one part', async () => {
      const { connection } = await freshLedger();
      let statements = 0;
      const database = storeOn(connection, () => (statements += 1));
      const siteId = await siteIdOf(database, 'a');
      const countFor = async (meters: number, atMs: number) => {
        statements = 0;
        const readings = Array.from({ length: meters }, (_, i) =>
          reading(atMs, atMs - NOON + i, { projectId: `p${i}` }),
        );
        await foldInParts(database, siteId, sweep(readings), 3_000);
        return statements;
      };
      await countFor(3_000, NOON);
      const forMany = await countFor(3_000, NOON + MINUTE);
      const forFew = await countFor(3, NOON + 2 * MINUTE);
      expect(forMany).toBe(forFew);
    });

    it('finds and adds rows by their keys, even with plans from when the ledger was small', async () => {
      const { connection } = await freshLedger();
      const database = storeOn(connection);
      const siteId = await siteIdOf(database, 'a');
      const at = (minute: number) =>
        Array.from({ length: 60 }, (_, i) => reading(NOON + minute * MINUTE, minute, { projectId: `p${i}` }));
      const fold = async (minute: number) => await foldInParts(database, siteId, sweep(at(minute)));
      await fold(0);
      await runSql(connection, 'ANALYZE');
      for (let minute = 1; minute < 8; minute += 1) await fold(minute);
      const known = at(8);
      const added = known.map((one) => ({ ...one, projectId: `new ${one.projectId}` }));
      const readings = [...known, ...added];
      const readWhole = await database.transaction(async (trx) => {
        await foldIntoSite(trx, await lockSite(trx, siteId, readings), sweep(readings));
        const { rows } = await trx.query(sql`
          SELECT relname FROM pg_stat_xact_user_tables WHERE schemaname = 'ledger' AND seq_scan > 0`);
        return rows;
      }, BEGIN_FOLD);
      expect(readWhole).toEqual([]);
    });

    it('is stored the same way in any number of parts', async () => {
      const { ledger, connection } = await freshLedger(['parts', 'whole']);
      const database = storeOn(connection);
      const readings = ['p1', 'p2', 'p3'].flatMap((projectId) =>
        ['vcpu', 'mb'].flatMap((resource) => [
          reading(NOON, 100, { projectId, resource }),
          reading(NOON + MINUTE, 160, { projectId, resource }),
          reading(NOON + 2 * MINUTE, 150, { projectId, resource, epoch: 'b', projectName: 'renamed' }),
        ]),
      );
      const later = readings.map((one) => ({ ...one, atMs: one.atMs + HOUR, total: one.total + 300n }));
      const [wholeId, partsId] = [await siteIdOf(database, 'whole'), await siteIdOf(database, 'parts')];
      for (const part of [readings, later, readings]) {
        const whole = await foldInParts(database, wholeId, sweep(part));
        expect(await foldInParts(database, partsId, sweep(part), 2)).toEqual(whole);
      }
      const usageOf = async (site: string) =>
        columns(
          (await ledger.usage(query({ site }))).data,
          'projectId',
          'projectName',
          'resource',
          'startMs',
          'amount',
          'coverage',
        );
      const usage = await usageOf('parts');
      expect(usage).toEqual(await usageOf('whole'));
      expect(usage).toHaveLength(12);
      const [parts, whole] = (await ledger.sites({ scope: EVERYTHING })).map((status) => ({
        ...status,
        name: '',
      }));
      expect(parts).toEqual(whole);
      expect(await ledger.verify()).toEqual([]);
    });
  });

  describe('the stored ledger', () => {
    it('is as accounting decides, with any readings', async () => {
      const { ledger, connection } = await freshLedger(['0']);
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anyReading, { maxLength: 8 }), { maxLength: 6 }),
          async (sweeps) => {
            const site = String((run += 1));
            const book = new InMemoryBook();
            await ledger.declareSites(sitesNamed(site));
            for (const readings of sweeps) {
              expect(await ledger.fold(site, sweep(readings))).toEqual(book.fold(...readings));
            }
            expect(await storedEntries(connection, site)).toEqual(entriesOf(book));
            expect(await storedMeters(connection, site)).toEqual(metersOf(book));
          },
        ),
        { numRuns: 25, endOnFailure: true },
      );
      expect(await ledger.verify()).toEqual([]);
    });

    it('has one sum of corrections for each hour and kind, over any number of sweeps', async () => {
      const { ledger, connection } = await freshLedger();
      const of = (...totals: [minute: number, total: number][]) =>
        sweep(totals.map(([minute, total]) => reading(NOON + minute * MINUTE, total)));
      await ledger.fold('a', of([1, 100]));
      await ledger.fold('a', of([2, 90], [3, 70], [4, 75], [5, 60]));
      await ledger.fold('a', of([6, 50]));
      expect(
        await runSql(
          connection,
          `SELECT kind, count, correction::int, (last_at_ms - ${NOON})::int AS last FROM ledger.anomaly`,
        ),
      ).toEqual([{ kind: 'total-fell', count: 4, correction: -10 - 20 - 15 - 10, last: 6 * MINUTE }]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('is exact beyond 64 bits', async () => {
      const { ledger } = await freshLedger();
      const huge = 2n ** 70n;
      await foldAll(ledger, 'a', reading(NOON, huge), reading(NOON + HOUR, huge + 3n * BigInt(HOUR)));
      await foldAll(ledger, 'a', reading(NOON + 2 * HOUR, huge + 3n * BigInt(HOUR) + 2n ** 61n));
      expect(columns((await ledger.usage(query())).data, 'amount')).toEqual([[3], [2 ** 61 / HOUR]]);
      expect(await ledger.verify()).toEqual([]);
    });
  });
});

async function storedMeters(connection: DatabaseConnection, site: string): Promise<string[]> {
  const rows = await runSql<{ line: string }>(
    connection,
    `SELECT concat_ws(' ', c.name, p.key, r.name, e.name, m.opening, m.last_total, m.first_at_ms, m.last_at_ms,
                      n.project_name) AS line
     FROM ledger.meter m JOIN ledger.project p USING (site_id, project_id) JOIN ledger.cloud c USING (site_id, cloud_id)
     JOIN ledger.resource r USING (site_id, resource_id) JOIN ledger.epoch e USING (site_id, epoch_id)
     JOIN ledger.project_name n ON n.site_id = m.site_id AND n.project_id = m.project_id AND n.to_ms IS NULL
     JOIN ledger.site s ON s.site_id = m.site_id WHERE s.name = '${site}'`,
  );
  return rows.map(({ line }) => line).sort();
}

function metersOf(book: InMemoryBook): string[] {
  return [...book.meters]
    .map(([key, { epoch, opening, lastTotal, firstAtMs, lastAtMs }]) => {
      const name = book.names.get(key.split('\0').slice(0, 2).join('\0'))?.projectName ?? '';
      return `${key.replaceAll('\0', ' ')} ${epoch} ${opening} ${lastTotal} ${firstAtMs} ${lastAtMs} ${name}`;
    })
    .sort();
}
