import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatabaseConnection } from '../../src/portal/database/connection.ts';
import type { Queryable, Sql } from '../../src/portal/database/sql.ts';
import type { Interval } from '../../src/portal/ledger/accounting/meters/gap.ts';
import { InMemoryBook, reading } from './in-memory-book.ts';
import type { Reading } from '../../src/portal/ledger/ledger.ts';
import { foldLateIntoSite } from '../../src/portal/ledger/store/sweeps/fold-late.ts';
import { loadMeterGapBook } from '../../src/portal/ledger/store/sweeps/load/load-gaps.ts';
import { loadPart } from '../../src/portal/ledger/store/sweeps/load/load-part.ts';
import { lockSite, siteIdOf } from '../../src/portal/ledger/store/sweeps/load/lock-site.ts';
import { anyReading, entriesOf, storedEntries } from './against-book.ts';
import {
  columns,
  foldAll,
  HOUR,
  NOON,
  onEveryPostgresql,
  onLockedSite,
  query,
  sitesNamed,
  storeOn,
  sweep,
} from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';

onEveryPostgresql('gaps', (freshLedger) => {
  describe('a gap', () => {
    it('is known by the readings at its ends until late readings fill it', async () => {
      const { ledger, connection } = await freshLedger();
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 4 * HOUR, 4 * HOUR));
      expect(await ledger.gaps('a')).toEqual([{ cloud: '', fromMs: NOON, toMs: NOON + 4 * HOUR }]);
      const hours = async () =>
        columns((await ledger.usage(query({ by: new Set() }))).data, 'amount', 'coverage');
      expect(await hours()).toEqual([1, 1, 1, 1].map((amount) => [amount, 'spread']));

      const late = [1, 2, 3].map((hour) => sweep([reading(NOON + hour * HOUR, 4 * HOUR)]));
      expect(await ledger.foldLate('a', late)).toEqual({ replaced: 1, folded: 0, ignored: 0 });
      expect(await hours()).toEqual([[4, 'measured']]);
      expect(await ledger.gaps('a')).toEqual([]);
      expect(await runSql(connection, 'SELECT FROM ledger.meter_gap')).toEqual([]);
      expect(await ledger.verify()).toEqual([]);
      expect(await journal(connection)).toEqual([
        '0 10800000 -3600000',
        '1 -3600000 -3600000',
        '2 -3600000 -3600000',
        '3 -3600000 -3600000',
      ]);
      expect(await ledger.foldLate('a', late)).toEqual({ replaced: 0, folded: 0, ignored: 3 });
    });

    it('is filled by the readings of a replica that lags, as by any late readings', async () => {
      const { ledger } = await freshLedger();
      const projects = ['p1', 'p2'].map((projectId) => ({ projectId }));
      for (const [hour, total] of [
        [0, 0],
        [5, 17],
      ] as const)
        await ledger.fold(
          'a',
          sweep(projects.map((more) => reading(NOON + hour * HOUR, total * HOUR, more))),
        );
      const hours = async () =>
        columns((await ledger.usage(query({ by: new Set() }))).data, 'amount', 'coverage');
      expect(await hours()).toEqual(Array.from({ length: 5 }, () => [6.8, 'spread']));
      // In pieces, as a Prometheus sends them. The first piece closes the gap of the cloud, but not the other meters' gaps.
      for (const more of projects)
        await ledger.foldInAnyOrder(
          'a',
          sweep([
            reading(NOON + HOUR, 3 * HOUR, more),
            reading(NOON + 2 * HOUR, 7 * HOUR, more),
            reading(NOON + 3 * HOUR, 10 * HOUR, more),
            reading(NOON + 4 * HOUR, 13 * HOUR, more),
          ]),
        );
      expect(await hours()).toEqual([6, 8, 6, 6, 8].map((amount) => [amount, 'measured']));
      expect(await ledger.gaps('a')).toEqual([]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('leaves the unfinished hour `measured` once late readings measure that hour too', async () => {
      const { ledger } = await freshLedger();
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 1.5 * HOUR, 1.5 * HOUR));
      await ledger.foldLate('a', [sweep([reading(NOON + HOUR, HOUR)])]);
      const { data } = await ledger.usage(query({ by: new Set() }));
      expect(columns(data, 'amount', 'coverage')).toEqual([
        [1, 'measured'],
        [0.5, 'measured'],
      ]);
    });

    it('is filled in several steps at one instant, and the journal has their sum', async () => {
      const { ledger, connection } = await freshLedger();
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 3 * HOUR, 3 * HOUR));
      for (const [hours, total] of [
        [2, 3],
        [1, 3],
      ] as const) {
        const late = reading(NOON + hours * HOUR, total * HOUR);
        await ledger.foldLate('a', [{ ...sweep([late]), receivedAtMs: NOON + 9 * HOUR }]);
      }
      expect(await journal(connection)).toEqual([
        '0 7200000 -3600000',
        '1 -3600000 -3600000',
        '2 -3600000 -3600000',
      ]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('of years is stored and filled completely, in any number of statements', async () => {
      const { ledger, connection } = await freshLedger();
      const projects = ['p1', 'p2', 'p3'];
      const hours = 51_000;
      const at = (hour: number, total: number) =>
        sweep(projects.map((projectId) => reading(NOON + hour * HOUR, total * HOUR, { projectId })));
      const hoursByAmount = async () =>
        await runSql(
          connection,
          `SELECT count(*)::int AS hours, amount::float / ${HOUR} AS amount
           FROM (SELECT sum(amount) AS amount FROM ledger.hourly GROUP BY meter_id, hour) h GROUP BY amount ORDER BY amount`,
        );
      await ledger.fold('a', at(0, 0));
      await ledger.fold('a', at(hours, hours));
      expect(await hoursByAmount()).toEqual([{ hours: 3 * hours, amount: 1 }]);
      await ledger.foldLate('a', [at(hours / 2, hours / 4)]);
      expect(await hoursByAmount()).toEqual([
        { hours: (3 * hours) / 2, amount: 0.5 },
        { hours: (3 * hours) / 2, amount: 1.5 },
      ]);
    });

    it('that ends in the unfinished hour is filled there too, and the hour continues', async () => {
      const { ledger, connection } = await freshLedger();
      const of = (hours: number, total: number) => reading(NOON + hours * HOUR, total * HOUR);
      await foldAll(ledger, 'a', of(0, 0), of(1.5, 1.5));
      await ledger.foldLate('a', [sweep([of(0.5, 0)])]);
      await foldAll(ledger, 'a', of(1.9, 1.9), of(2.1, 2.1));
      expect(await storedEntries(connection, 'a')).toEqual(
        [
          [0, 0.75 * HOUR, 0.75 * HOUR],
          [1, (0.75 + 0.4 + 0.1) * HOUR, 0.75 * HOUR],
          [2, 0.1 * HOUR, 0],
        ].map(([hour = 0, amount, spread]) => ` p1 vcpu ${NOON / HOUR + hour} ${amount} ${spread}`),
      );
      expect(await ledger.verify()).toEqual([]);
    });

    it('that shares an hour with another gap is filled together with that gap', async () => {
      const { ledger, connection } = await freshLedger();
      const of = (hours: number, total: number) => reading(NOON + hours * HOUR, total * HOUR);
      await foldAll(ledger, 'a', of(0, 0), of(1.5, 1.5), of(3.5, 3.5));
      await ledger.foldLate('a', [sweep([of(0.5, 1.5), of(2.5, 3.5)])]);
      expect(await storedEntries(connection, 'a')).toEqual(
        [
          [0, 1.5 * HOUR, 0],
          [1, HOUR, HOUR],
          [2, HOUR, HOUR],
        ].map(([hour = 0, amount, spread]) => ` p1 vcpu ${NOON / HOUR + hour} ${amount} ${spread}`),
      );
      expect(await ledger.verify()).toEqual([]);
    });

    it('loses the part counted at a change of epoch that late readings show to be too fast', async () => {
      const { ledger } = await freshLedger();
      // The usual rate is 1. Ten hours between two epochs count 10; late readings show that all of it came in one hour.
      const after = (hours: number) => reading(NOON + hours * HOUR, 11 * HOUR, { epoch: 'b' });
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + HOUR, HOUR), after(11));
      const total = async () => columns((await ledger.usage(query({ step: 'total' }))).data, 'amount');
      expect(await total()).toEqual([[11]]);
      await ledger.foldLate('a', [sweep([after(2)])]);
      expect(await total()).toEqual([[2]]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('has one correction for all late readings of an hour, dated by the last of these readings', async () => {
      const { ledger, connection } = await freshLedger();
      const after = (hours: number) => reading(NOON + hours * HOUR, 5 * HOUR, { epoch: 'b' });
      await foldAll(ledger, 'a', reading(NOON - HOUR, 0), reading(NOON, HOUR), after(1.2));
      for (const late of [after(1.1), after(0.5)]) await ledger.foldLate('a', [sweep([late])]);
      expect(
        await runSql(
          connection,
          `SELECT count, correction::int, (last_at_ms - ${NOON})::int AS last FROM ledger.anomaly WHERE kind = 'late-truth'`,
        ),
      ).toEqual([{ count: 2, correction: 0.1 * HOUR + 0.6 * HOUR, last: 1.2 * HOUR }]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('is loaded only if a late reading lies inside it, however many gaps the meter has', async () => {
      const { ledger, connection } = await freshLedger();
      const times = Array.from({ length: 300 }, (_, i) => reading(NOON + i * 4 * HOUR, i * HOUR));
      await ledger.fold('a', sweep(times));
      const late = [1, 2, 401].map((hours) => reading(NOON + hours * HOUR, (hours / 4) * HOUR));
      const { book, rows } = await storeOn(connection).transaction(async (trx) => {
        const part = await loadPart(trx, await lockSite(trx, await siteIdOf(trx, 'a'), late), late);
        const counting = countingRows(trx);
        return { book: await loadMeterGapBook(counting, part, late), rows: counting.rows() };
      });
      const loaded = [...book.meters.values()].flat().map(({ fromMs }) => (fromMs - NOON) / HOUR);
      expect(loaded.toSorted((one, other) => one - other)).toEqual([0, 400]);
      expect(rows).toBeLessThan(10);
    });

    it('needs no correction if it is filled before its end is folded', async () => {
      const { ledger, connection } = await freshLedger();
      await ledger.fold('a', sweep([reading(NOON, 0)]));
      await ledger.fold('a', sweep([3, 1, 2].map((hour) => reading(NOON + hour * HOUR, hour * hour))));
      expect(await ledger.gaps('a')).toEqual([]);
      expect(await journal(connection)).toEqual([]);
    });

    it('is filled once, even if two portals bring the late readings at the same moment', async () => {
      const { ledger, open } = await freshLedger();
      const other = await open();
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 4 * HOUR, 4 * HOUR));
      const late = [sweep([reading(NOON + HOUR, HOUR), reading(NOON + 3 * HOUR, 2 * HOUR)])];
      const outcomes = await Promise.all([ledger, other, ledger].map((one) => one.foldLate('a', late)));
      await other.close();
      expect(outcomes.reduce((sum, { replaced }) => sum + replaced, 0)).toBe(1);
      expect(await ledger.gaps('a')).toEqual([{ cloud: '', fromMs: NOON + HOUR, toMs: NOON + 3 * HOUR }]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('and late readings are stored as accounting decides, with any readings in any number of parts', async () => {
      const { ledger, connection } = await freshLedger(['0']);
      const database = storeOn(connection);
      let run = 0;
      // Only totals with an epoch: for others, each part decides by itself whether totals jumped together.
      const withEpoch = anyReading.map((one) => ({ ...one, epoch: one.epoch || 'c' }));
      const steps = fc.array(fc.tuple(fc.constantFrom(0, 1, 3, 500), fc.array(withEpoch, { maxLength: 8 })), {
        maxLength: 6,
      });
      const late = async (site: string, readings: Reading[], readingsInPart: number) => {
        const one = sweep(readings);
        const { replaced, folded, ignored } = await onLockedSite(
          database,
          await siteIdOf(database, site),
          one,
          async (trx, locked) => await foldLateIntoSite(trx, locked, one, readingsInPart),
        );
        return { replaced, folded, ignored };
      };
      await fc.assert(
        fc.asyncProperty(steps, async (list) => {
          const site = String((run += 1));
          const book = new InMemoryBook();
          await ledger.declareSites(sitesNamed(site));
          for (const [partSize, readings] of list) {
            const [kept, expected] =
              partSize > 0
                ? [await late(site, readings, partSize), book.foldLate(...readings)]
                : [await ledger.fold(site, sweep(readings)), book.fold(...readings)];
            expect(kept).toEqual(expected);
          }
          expect(await storedEntries(connection, site)).toEqual(entriesOf(book));
          expect((await ledger.gaps(site)).map(lineOf).toSorted()).toEqual(gapsOf(book));
        }),
        { numRuns: 40, endOnFailure: true },
      );
      expect(await ledger.verify()).toEqual([]);
    });
  });
});

/** Counts the rows that statements return. */
function countingRows(database: Queryable): Queryable & { rows: () => number } {
  let rows = 0;
  return {
    query: async <Row extends object>(statement: Sql) => {
      const answer = await database.query<Row>(statement);
      rows += answer.rows.length;
      return answer;
    },
    rows: () => rows,
  };
}

async function journal(connection: DatabaseConnection): Promise<string[]> {
  const rows = await runSql<{ line: string }>(
    connection,
    `SELECT concat_ws(' ', hour - ${NOON / HOUR}, amount, spread) AS line FROM ledger.late_entry ORDER BY hour`,
  );
  return rows.map(({ line }) => line);
}

function gapsOf(book: InMemoryBook): string[] {
  return [...book.cloudGaps]
    .flatMap(([cloud, gaps]) => gaps.map((gap) => lineOf({ cloud, ...gap })))
    .toSorted();
}

function lineOf({ cloud, fromMs, toMs }: Interval & { cloud: string }): string {
  return `${cloud} ${fromMs} ${toMs}`;
}
