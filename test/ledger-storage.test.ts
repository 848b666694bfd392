import { describe, expect, it } from 'vitest';
import { reading } from '../src/portal/ledger/accounting/in-memory-book.ts';
import type { Ledger, UsageRow } from '../src/portal/ledger/ledger.ts';
import { at, columns, foldAll, HOUR, NOON, onEveryPostgresql, query, sweep } from './ledger-fixture.ts';
import { runSql } from './postgresql-server.ts';

const DAY = 24 * HOUR;

onEveryPostgresql('storage', (freshLedger) => {
  /** Hourly readings over the end of a month, of usage that is different in each hour; a gap of two days in it. */
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

  async function answers(ledger: Ledger): Promise<UsageRow[][]> {
    const steps = (['hour', 'day', 'month', 'total'] as const).flatMap((step) => [
      query({ step, toMs: NOON + 7 * DAY - 12 * HOUR }),
      query({ step, fromMs: NOON + 5 * HOUR, toMs: NOON + 4 * DAY + HOUR, by: new Set(['site']) }),
    ]);
    return await Promise.all(steps.map(async (one) => (await ledger.usage(one)).data));
  }

  describe('packed days', () => {
    it('answer as their entries did, hour by hour and sum by sum', async () => {
      const { ledger, connection, time } = await freshLedger();
      await liveThroughDays(ledger);
      time.nowMs = NOON + 6 * DAY;
      const before = await answers(ledger);
      expect(await ledger.maintain()).toEqual({ packed: 2 * (12 + 3 * 24), dropped: 0 });
      expect(await answers(ledger)).toEqual(before);
      expect(await runSql(connection, 'SELECT count(*)::int AS n FROM ledger.month')).toEqual([{ n: 4 }]);
      time.nowMs = NOON + 8 * DAY;
      expect((await ledger.maintain()).packed).toBeGreaterThan(0);
      expect((await ledger.maintain()).packed).toBe(0);
      time.nowMs = NOON + 6 * DAY;
      expect(await answers(ledger)).toEqual(before);
      expect(await ledger.verify()).toEqual([]);
    });

    it('take late truth, packed or not', async () => {
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

    it('keep their sums for ever where hours are dropped', async () => {
      const { ledger, time } = await freshLedger();
      await foldAll(
        ledger,
        'a',
        reading(NOON, 0),
        reading(NOON + 2 * HOUR, 2 * HOUR),
        reading(NOON + 14 * HOUR, 6 * HOUR),
      );
      const policy = { packAfterDays: 2, hoursKeptDays: 10 };
      time.nowMs = NOON + 11 * DAY;
      expect(await ledger.maintain(policy)).toEqual({ packed: 14, dropped: 1 });
      const sums = async (step: 'hour' | 'day') => {
        const more = { step, fromMs: NOON - 12 * HOUR, toMs: NOON + 12 * HOUR + DAY, by: new Set<never>() };
        return columns((await ledger.usage(query(more))).data, 'start', 'amount');
      };
      expect(await sums('day')).toEqual([
        [at(NOON - 12 * HOUR), expect.closeTo(2 + 10 / 3, 9)],
        [at(NOON + 12 * HOUR), expect.closeTo(2 / 3, 9)],
      ]);
      expect((await sums('hour')).map(([start]) => start)).toEqual([
        at(NOON + 12 * HOUR),
        at(NOON + 13 * HOUR),
      ]);
      expect(await ledger.verify()).toEqual([]);
    });

    it('are verified: a sum that does not agree with its hours is told', async () => {
      const { ledger, connection, time } = await freshLedger();
      await foldAll(
        ledger,
        'a',
        reading(NOON, 0),
        reading(NOON + HOUR, HOUR),
        reading(NOON + 2 * HOUR, 2 * HOUR),
      );
      time.nowMs = NOON + 9 * DAY;
      await ledger.maintain();
      await runSql(connection, `UPDATE ledger.month SET hour_amounts[1] = ${HOUR}`);
      expect(await ledger.verify()).toEqual([
        { site: 'a', project_id: 'p1', resource: 'vcpu', difference: 1 },
      ]);
    });
  });
});
