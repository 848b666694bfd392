import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { reading } from './in-memory-book.ts';
import type { Ledger, UsageQuery, StepUsage } from '../../src/portal/ledger/ledger.ts';
import { at, columns, foldAll, HOUR, NOON, onEveryPostgresql, query, sweep } from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';
import { eventually } from '../support/processes.ts';

const DAY = 24 * HOUR;

onEveryPostgresql('storage', (freshLedger) => {
  /** Folds hourly readings over the end of a month, with different usage in each hour and a gap of two days. */
  async function liveThroughDays(ledger: Ledger): Promise<void> {
    let total = 0;
    for (let hour = 0; hour <= 6 * 24; hour += 1) {
      total += hour * 1000;
      if (hour > 30 && hour < 78) continue;
      await ledger.fold(
        'a',
        sweep(['p1', 'p2'].map((projectId) => reading(NOON + hour * HOUR, total, { projectId }))),
      );
    }
  }

  async function answers(ledger: Ledger): Promise<StepUsage[][]> {
    const steps = (['hour', 'day', 'month', 'total'] as const).flatMap((step) => [
      query({ step, toMs: NOON + 7 * DAY - 12 * HOUR }),
      query({ step, fromMs: NOON + 5 * HOUR, toMs: NOON + 4 * DAY + HOUR, by: new Set(['site']) }),
      query({ step, fromMs: Date.UTC(2026, 0), toMs: Date.UTC(2026, 2), by: new Set(['project']) }),
      query({ step, fromMs: Date.UTC(2025, 11, 30, 23), toMs: Date.UTC(2026, 2, 2, 1) }),
    ]);
    return await Promise.all(steps.map(async (one) => (await ledger.usage(one)).data));
  }

  describe('packed days', () => {
    it('give the same answers as their entries did, for hours and for sums', async () => {
      const { ledger, connection, time } = await freshLedger();
      await liveThroughDays(ledger);
      time.nowMs = NOON + 6 * DAY;
      const before = await answers(ledger);
      expect(await ledger.maintain()).toEqual({ packed: 2 * (12 + 3 * 24), dropped: 0, expired: 0 });
      expect(await answers(ledger)).toEqual(before);
      expect(await runSql(connection, 'SELECT count(*)::int AS n FROM ledger.month')).toEqual([{ n: 4 }]);
      time.nowMs = NOON + 8 * DAY;
      expect((await ledger.maintain()).packed).toBeGreaterThan(0);
      expect((await ledger.maintain()).packed).toBe(0);
      time.nowMs = NOON + 6 * DAY;
      expect(await answers(ledger)).toEqual(before);
      expect(await ledger.verify()).toEqual([]);
    });

    it('add up to the same with and without projects, while days are packed, corrected and dropped', async () => {
      const { ledger, time } = await freshLedger();
      await liveThroughDays(ledger);
      /** Sums by start of the step: of all projects together, of each project, and of hours. */
      const agree = async (hasHours = true) => {
        for (const fromMs of [Date.UTC(2026, 0), NOON + 12 * HOUR, NOON + 36 * HOUR]) {
          const range = { fromMs, toMs: Date.UTC(2026, 1, 7) };
          const hours = hasHours ? (await ledger.usage(query({ ...range, by: new Set() }))).data : [];
          for (const step of ['day', 'month', 'total'] as const) {
            const together = (await ledger.usage(query({ ...range, step, by: new Set() }))).data;
            const apart = (await ledger.usage(query({ ...range, step, by: new Set(['project']) }))).data;
            for (const { startMs, amountMs } of together) {
              const next = together.find((other) => other.startMs > startMs)?.startMs ?? Infinity;
              const sum = (rows: StepUsage[]) =>
                rows
                  .filter((row) => row.startMs >= startMs && row.startMs < next)
                  .reduce((total, row) => total + row.amountMs, 0n);
              expect([step, sum(apart), hasHours ? sum(hours) : amountMs]).toEqual([
                step,
                amountMs,
                amountMs,
              ]);
            }
          }
        }
        expect(await ledger.verify()).toEqual([]);
      };
      await agree();
      time.nowMs = NOON + 5 * DAY;
      expect((await ledger.maintain()).packed).toBeGreaterThan(0);
      await agree();
      const late = ['p1', 'p2'].map((projectId) => reading(NOON + 50 * HOUR, 600_000, { projectId }));
      expect((await ledger.foldLate('a', [sweep(late)])).replaced).toBe(2);
      await agree();
      time.nowMs = NOON + 6 * DAY;
      expect((await ledger.maintain()).packed).toBeGreaterThan(0);
      await agree();
      time.nowMs = NOON + 90 * DAY;
      const dropping = { packAfterDays: 2, hoursKeptDays: 31, gapsKeptDays: 62 };
      expect((await ledger.maintain(dropping)).dropped).toBe(4);
      await agree(false);
    });

    it('leave out hours that are too large for the sum of a day', async () => {
      const { ledger, connection, time } = await freshLedger();
      const step = 2n ** 61n;
      for (let hour = 0; hour <= 10; hour += 1)
        await ledger.fold(
          'a',
          sweep([
            reading(NOON + hour * HOUR, BigInt(hour) * step, { projectId: 'absurd' }),
            reading(NOON + hour * HOUR, hour * HOUR),
          ]),
        );
      time.nowMs = NOON + 5 * DAY;
      const days = query({ step: 'day', toMs: NOON + 2 * DAY - 12 * HOUR });
      const before = await ledger.usage(days);
      expect(await ledger.maintain()).toEqual({ packed: 9, dropped: 0, expired: 0 });
      expect(await ledger.usage(days)).toEqual(before);
      expect(columns(before.data, 'projectId', 'amount')).toEqual([
        ['absurd', Number(10n * step) / HOUR],
        ['p1', 10],
      ]);
      expect(await runSql(connection, 'SELECT count(*)::int AS n FROM ledger.entry')).toEqual([{ n: 9 }]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('are packed for every site except one that fails, and the error names that site', async () => {
      const { ledger, connection, time } = await freshLedger(['a', 'b', 'c']);
      for (const site of ['a', 'b', 'c'])
        await foldAll(
          ledger,
          site,
          reading(NOON, 0),
          reading(NOON + HOUR, HOUR),
          reading(NOON + 2 * HOUR, 2 * HOUR),
        );
      await runSql(
        connection,
        `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'this site fails'; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON ledger.month FOR EACH ROW
         WHEN (NEW.site_id = 2) EXECUTE FUNCTION fail()`,
      );
      time.nowMs = NOON + 5 * DAY;
      await expect(ledger.maintain()).rejects.toThrow("site 'b': this site fails");
      expect(await runSql(connection, 'SELECT DISTINCT site_id FROM ledger.month ORDER BY 1')).toEqual([
        { site_id: 1 },
        { site_id: 3 },
      ]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('accept late readings like days that are not packed', async () => {
      const { ledger, time } = await freshLedger();
      const { ledger: inTime } = await freshLedger();
      const late = reading(NOON + DAY, 20 * HOUR);
      await foldAll(inTime, 'a', reading(NOON, 0), late, reading(NOON + 3 * DAY, 60 * HOUR));
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 3 * DAY, 60 * HOUR));
      time.nowMs = NOON + 9 * DAY;
      await ledger.maintain();
      await ledger.foldLate('a', [sweep([late])]);
      time.nowMs = NOON;
      const expected = await answers(inTime);
      expect(await answers(ledger)).toEqual(expected);
      expect(await ledger.verify()).toEqual([]);
      time.nowMs = NOON + 9 * DAY;
      await ledger.maintain();
      time.nowMs = NOON;
      expect(await answers(ledger)).toEqual(expected);
      expect(await ledger.verify()).toEqual([]);
    });

    it('keep their sums for ever after their hours are dropped', async () => {
      const { ledger, time } = await freshLedger();
      await foldAll(
        ledger,
        'a',
        reading(NOON, 0),
        reading(NOON + 2 * HOUR, 2 * HOUR),
        reading(NOON + 14 * HOUR, 6 * HOUR),
      );
      const policy = { packAfterDays: 2, hoursKeptDays: 10, gapsKeptDays: 62 };
      time.nowMs = NOON + 11 * DAY;
      // The last of the fourteen hours is the meter's open hour, which is not packed.
      expect(await ledger.maintain(policy)).toEqual({ packed: 13, dropped: 1, expired: 0 });
      const sums = async (step: 'hour' | 'day') => {
        const more = { step, fromMs: NOON - 12 * HOUR, toMs: NOON + 12 * HOUR + DAY, by: new Set<never>() };
        return columns((await ledger.usage(query(more))).data, 'startMs', 'amount');
      };
      expect(await sums('day')).toEqual([
        [NOON - 12 * HOUR, expect.closeTo(2 + 10 / 3, 9)],
        [NOON + 12 * HOUR, expect.closeTo(2 / 3, 9)],
      ]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('refuse a question about dropped hours instead of leaving them out', async () => {
      const { ledger, time } = await freshLedger(['a', 'b']);
      const midnight = NOON + 12 * HOUR;
      for (const site of ['a', 'b'])
        await foldAll(
          ledger,
          site,
          reading(site === 'a' ? NOON : midnight, 0),
          reading(midnight + 3 * HOUR, 15 * HOUR),
          reading(midnight + 20 * DAY, 500 * HOUR),
        );
      time.nowMs = midnight + 20 * DAY;
      const policy = { packAfterDays: 2, hoursKeptDays: 15, gapsKeptDays: 62 };
      expect((await ledger.maintain(policy)).dropped).toBe(1);
      const total = async (more: Partial<UsageQuery>) => {
        const question = query({ step: 'total', by: new Set(), toMs: midnight + 20 * DAY, ...more });
        return columns((await ledger.usage(question)).data, 'amount')[0]?.[0];
      };
      const gone = `hours before ${at(midnight)} are no longer kept, only their days: ask by day, month or total, from 00:00 to 00:00 UTC`;
      await expect(total({ step: 'hour' })).rejects.toThrow(gone);
      await expect(total({ fromMs: NOON })).rejects.toThrow(gone);
      await expect(total({ fromMs: NOON, toMs: NOON + 3 * HOUR })).rejects.toThrow(gone);
      expect(await total({ step: 'hour', fromMs: midnight, site: 'a' })).toBeGreaterThan(0);
      expect(await total({ step: 'hour', fromMs: NOON, site: 'b' })).toBe(5);
      expect(await total({ site: 'a' })).toBe(500);
      // The sum uses whole days, and hours where the interval ends within a day.
      const untilThen = await total({ site: 'a', toMs: midnight + 2 * DAY });
      const hours = await total({
        site: 'a',
        fromMs: midnight + 2 * DAY,
        toMs: midnight + 2 * DAY + 7 * HOUR,
      });
      expect(await total({ site: 'a', toMs: midnight + 2 * DAY + 7 * HOUR })).toBeCloseTo(
        Number(untilThen) + Number(hours),
        9,
      );
      expect(await ledger.verify()).toEqual([]);
    });

    it('are days of UTC in any time zone of the database', async () => {
      const { connection, open } = await freshLedger();
      await runSql(
        connection,
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO ''Pacific/Auckland''', current_database()); END $$`,
      );
      const ledger = await open();
      await liveThroughDays(ledger);
      const before = await answers(ledger);
      await ledger.maintain({ packAfterDays: -7, gapsKeptDays: 62 });
      const after = await answers(ledger);
      const verified = await ledger.verify();
      await ledger.close();
      expect(after).toEqual(before);
      expect(verified).toEqual([]);
      expect(await runSql(connection, 'SELECT FROM ledger.entry')).toEqual([]);
    });

    it('are packed for all of very many meters', async () => {
      const { ledger, connection, time } = await freshLedger();
      const projects = Array.from({ length: 1_200 }, (_, i) => `p${i}`);
      for (const hour of [0, 1, 2])
        await ledger.fold(
          'a',
          sweep(projects.map((projectId) => reading(NOON + hour * HOUR, hour * HOUR, { projectId }))),
        );
      time.nowMs = NOON + 9 * DAY;
      expect((await ledger.maintain()).packed).toBe(projects.length);
      expect(await runSql(connection, 'SELECT FROM ledger.entry')).toEqual([]);
    });

    it('include the meter with the last number of a batch', async () => {
      const { ledger, connection, time } = await freshLedger();
      await foldAll(ledger, 'a', ...[0, 1, 2].map((hour) => reading(NOON + hour * HOUR, hour * HOUR)));
      for (const table of ['meter', 'entry'])
        await runSql(connection, `UPDATE ledger.${table} SET meter_id = 500`);
      time.nowMs = NOON + 9 * DAY;
      expect((await ledger.maintain()).packed).toBe(1);
    });

    it('are packed after a fold that is under way, because two changes of a month at once would lose one', async () => {
      const { ledger, connection, time } = await freshLedger();
      await foldAll(ledger, 'a', ...[0, 1, 2].map((hour) => reading(NOON + hour * HOUR, hour * HOUR)));
      time.nowMs = NOON + 9 * DAY;
      const folding = new Client(connection);
      await folding.connect();
      await folding.query('BEGIN');
      await folding.query('SELECT FROM ledger.site_state FOR UPDATE');
      let isPacked = false;
      const packing = ledger.maintain().finally(() => (isPacked = true));
      const waiting = `SELECT FROM pg_locks WHERE NOT granted AND pid IN
        (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`;
      await eventually(async () => (await runSql(connection, waiting)).length > 0 || isPacked || undefined);
      expect([isPacked, (await runSql(connection, 'SELECT FROM ledger.entry')).length]).toEqual([false, 1]);
      await folding.query('COMMIT');
      await folding.end();
      expect((await packing).packed).toBe(1);
    });

    it('of months without hours accept late readings, which do not bring the hours back', async () => {
      const { ledger, connection, time } = await freshLedger();
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 30 * HOUR, 30 * HOUR));
      await foldAll(ledger, 'a', reading(NOON + 31 * HOUR, 31 * HOUR), reading(NOON + 32 * HOUR, 32 * HOUR));
      const days = async () =>
        columns(
          (await ledger.usage(query({ step: 'day', by: new Set(), fromMs: NOON - 12 * HOUR }))).data,
          'amount',
        );
      time.nowMs = NOON + 50 * DAY;
      const policy = { packAfterDays: 2, hoursKeptDays: 31, gapsKeptDays: 62 };
      expect((await ledger.maintain(policy)).dropped).toBe(1);
      expect(await days()).toEqual([[12], [20]]);
      await ledger.foldLate('a', [sweep([reading(NOON + 12 * HOUR, 2 * HOUR)])]);
      expect(await days()).toEqual([[2], [30]]);
      // A portal whose configuration keeps hours for ever.
      await ledger.maintain();
      expect(await days()).toEqual([[2], [30]]);
      const hours = 'SELECT hour_amounts AS hours FROM ledger.month ORDER BY first_hour LIMIT 1';
      expect(await runSql(connection, hours)).toEqual([{ hours: null }]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('lose hours site by site; a question about all sites has hours from where every site has them', async () => {
      const { ledger, time } = await freshLedger(['a', 'b']);
      const midnight = NOON + 12 * HOUR;
      const hourly = (...hours: number[]) => hours.map((hour) => reading(NOON + hour * HOUR, hour * HOUR));
      await foldAll(ledger, 'a', ...hourly(0, 1, 2, 13, 14));
      await foldAll(ledger, 'b', ...hourly(0, 1, 2));
      time.nowMs = midnight + 61 * DAY;
      await ledger.maintain();
      const policy = { packAfterDays: 2, hoursKeptDays: 31, gapsKeptDays: 62 };
      expect((await ledger.maintain(policy)).dropped).toBe(3);
      const gone = async (site: string | undefined, fromMs: number) =>
        await ledger.usage(query({ site, fromMs, toMs: midnight + 60 * DAY })).then(
          () => 'kept',
          (error: Error) => error.message.slice(0, 37),
        );
      const [february, march] = [midnight, midnight + 28 * DAY].map((ms) => `hours before ${at(ms)}`);
      expect([await gone('a', midnight), await gone('b', midnight)]).toEqual([march, 'kept']);
      expect([await gone('a', NOON), await gone('b', NOON)]).toEqual([march, february]);
      expect([await gone(undefined, midnight), await gone(undefined, midnight + 28 * DAY)]).toEqual([
        march,
        'kept',
      ]);
    });

    it('stay refused by the latest dropped month if an earlier month is dropped later', async () => {
      const { ledger, time } = await freshLedger();
      const midnight = NOON + 12 * HOUR;
      const first = (hour: number) => reading(midnight + hour * HOUR, (hour + 24) * HOUR);
      const second = (hour: number, total: number) =>
        reading(midnight + hour * HOUR, total, { projectId: 'p2' });
      await foldAll(ledger, 'a', first(-24), second(-23, 0), first(0), first(5));
      // This usage is so small that spreading puts all of it into the last hour.
      await ledger.fold('a', sweep([first(6), second(6, 1)]));
      await ledger.fold('a', sweep([first(7), second(7, 2)]));
      time.nowMs = midnight + 61 * DAY;
      const policy = { packAfterDays: 2, hoursKeptDays: 31, gapsKeptDays: 80 };
      expect((await ledger.maintain(policy)).dropped).toBe(3);
      await ledger.foldLate('a', [sweep([second(-20, 1)])]);
      expect((await ledger.maintain(policy)).dropped).toBe(1);
      const kept = ledger.usage(query({ step: 'hour', fromMs: midnight + 3 * HOUR }));
      await expect(kept).rejects.toThrow(`hours before ${at(midnight + 28 * DAY)} are no longer kept`);
    });

    it('are complete in an answer that starts before hours are dropped and ends after', async () => {
      const { ledger, connection, time } = await freshLedger();
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 14 * HOUR, 14 * HOUR));
      time.nowMs = NOON + 11 * DAY;
      await ledger.maintain();
      const question = query({ by: new Set(['project']), resource: 'vcpu', toMs: NOON + 12 * HOUR });
      const whole = (await ledger.usage(question)).data;
      expect(whole).not.toEqual([]);
      const client = new Client(connection);
      await client.connect();
      // The sums by project read this table, dropping hours does not. So the answer starts and then waits for the lock.
      await client.query('BEGIN; LOCK TABLE ledger.project_name');
      const answer = ledger.usage(question);
      await eventually(async () => {
        const waiting = await runSql(
          connection,
          `SELECT FROM pg_locks WHERE NOT granted AND relation = 'ledger.project_name'::regclass`,
        );
        return waiting.length > 0 ? true : undefined;
      });
      const policy = { packAfterDays: 2, hoursKeptDays: 10, gapsKeptDays: 62 };
      expect((await ledger.maintain(policy)).dropped).toBe(1);
      await client.end();
      expect((await answer).data).toEqual(whole);
      await expect(ledger.usage(question)).rejects.toThrow('are no longer kept');
    });

    it('and hours add up to the usage of any interval, also beside late readings of packed days', async () => {
      const { ledger, time } = await freshLedger();
      await liveThroughDays(ledger);
      time.nowMs = NOON + 6 * DAY;
      await ledger.maintain();
      const late = ['p1', 'p2'].map((projectId) => reading(NOON + 50 * HOUR, 600_000, { projectId }));
      await ledger.foldLate('a', [sweep(late)]);
      const amountOf = async (step: UsageQuery['step'], fromMs: number, toMs: number) => {
        const { data } = await ledger.usage(query({ step, by: new Set(['project']), fromMs, toMs }));
        return data.reduce((sum, { amountMs }) => sum + amountMs, 0n);
      };
      for (const [from, to] of [
        [-12, 12],
        [-5, 12],
        [-12, 31],
        [5, 100],
        [13, 35],
        [14, 20],
        // Parts of more than half a day: packed, not packed, and with hours that are still to come.
        [14, 34],
        [40, 55],
        [38, 130],
        [110, 142],
        [133, 155],
      ] as const) {
        const ends = [NOON + from * HOUR, NOON + to * HOUR] as const;
        const hours = await amountOf('hour', ...ends);
        for (const step of ['day', 'month', 'total'] as const)
          expect([from, to, await amountOf(step, ...ends)]).toEqual([from, to, hours]);
      }
    });
  });

  describe('gaps', () => {
    it('are removed when they ended long ago, and the usage spread over them stays', async () => {
      const { ledger, connection, time } = await freshLedger();
      await foldAll(
        ledger,
        'a',
        reading(NOON, 0),
        reading(NOON + 5 * HOUR, 5 * HOUR),
        reading(NOON + 40 * DAY, 50 * HOUR),
      );
      const counts = async () => {
        const tables = ['cloud_gap', 'meter_gap'].map(
          async (table) => (await runSql(connection, `SELECT FROM ledger.${table}`)).length,
        );
        return await Promise.all(tables);
      };
      expect(await counts()).toEqual([2, 2]);
      time.nowMs = NOON + 61 * DAY;
      expect((await ledger.maintain()).expired).toBe(0);
      time.nowMs = NOON + 64 * DAY;
      expect((await ledger.maintain()).expired).toBe(1);
      expect(await counts()).toEqual([1, 1]);
      expect(await ledger.gaps('a')).toEqual([{ cloud: '', fromMs: NOON + 5 * HOUR, toMs: NOON + 40 * DAY }]);
      const late = [sweep([reading(NOON + 2 * HOUR, 5 * HOUR)])];
      expect(await ledger.foldLate('a', late)).toEqual({ replaced: 0, folded: 0, ignored: 1 });
      expect(await ledger.verify()).toEqual([]);
    });
  });
});
