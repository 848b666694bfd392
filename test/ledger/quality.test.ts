import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import type { Ledger, MeterRecordQuery } from '../../src/portal/ledger/ledger.ts';
import { HOUR, inPages, MINUTE, NOON, onEveryPostgresql, sweep } from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';
import { reading } from './in-memory-book.ts';

const ALL: MeterRecordQuery = { scope: EVERYTHING, fromMs: 0, toMs: NOON + 1000 * HOUR, limit: 100 };
const place = {
  site: 'a',
  cloud: '',
  projectId: 'p1',
  projectName: 'one',
  resource: 'vcpu',
  unit: 'vCPU-hours',
};
const OF_GRANT = {
  scope: { sites: [], grants: ['g'] },
  grants: [{ name: 'g', projects: [{ site: 'a', projectId: 'p1' }] }],
};

onEveryPostgresql('what the ledger notes beside usage', (freshLedger) => {
  const fold = async (ledger: Ledger, hour: number, total: number, more = {}) =>
    await ledger.fold('a', sweep([reading(NOON + hour * HOUR, total * HOUR, more)]));
  const late = async (ledger: Ledger, hour: number, total: number, bookedHour: number) =>
    await ledger.foldLate('a', [
      { ...sweep([reading(NOON + hour * HOUR, total * HOUR)]), receivedAtMs: NOON + bookedHour * HOUR },
    ]);

  describe('corrections', () => {
    const changes = async (ledger: Ledger, more: Partial<MeterRecordQuery> = {}) =>
      (await ledger.corrections({ ...ALL, ...more })).data.map(
        ({ startMs, before, after, spreadBefore, spreadAfter, atMs }) =>
          [startMs, atMs]
            .map((ms) => (ms - NOON) / HOUR)
            .concat([before, after, spreadBefore, spreadAfter].map(Number)),
      );

    it('say what each hour was before and after each of them, and no longer where hours are gone', async () => {
      const { ledger, time } = await freshLedger(['a']);
      await fold(ledger, 0, 0);
      await fold(ledger, 4, 4);
      await late(ledger, 2, 4, 8);
      await late(ledger, 1, 4, 9);
      const steps = [
        [3, 8, 1, 0, 1, 0],
        [2, 8, 1, 0, 1, 0],
        [1, 8, 1, 2, 1, 2],
        [1, 9, 2, 0, 2, 0],
        [0, 8, 1, 2, 1, 2],
        [0, 9, 2, 4, 2, 0],
      ];
      expect(await changes(ledger)).toEqual(steps);
      const [first] = (await ledger.corrections({ ...ALL, limit: 1 })).data;
      expect(first).toEqual({
        ...place,
        startMs: NOON + 3 * HOUR,
        before: 1,
        after: 0,
        spreadBefore: 1,
        spreadAfter: 0,
        atMs: NOON + 8 * HOUR,
      });
      time.nowMs = NOON + 100 * 24 * HOUR;
      await ledger.maintain({ packAfterDays: 1, gapsKeptDays: 62 });
      expect(await changes(ledger)).toEqual(steps);
      await ledger.maintain({ packAfterDays: 1, hoursKeptDays: 2, gapsKeptDays: 62 });
      expect(await changes(ledger)).toEqual(steps.map(([hour, at]) => [hour, at, NaN, NaN, NaN, NaN]));
    });

    it('come in pages, for a time, a site, a project and a resource', async () => {
      const { ledger } = await freshLedger(['a', 'b']);
      for (const resource of ['vcpu', 'mb'])
        for (const projectId of ['p1', 'p2'])
          for (const [hour, total] of [
            [0, 0],
            [3, 3],
          ] as const)
            await fold(ledger, hour, total, { resource, projectId });
      await ledger.foldLate('a', [
        sweep(
          ['vcpu', 'mb'].flatMap((resource) =>
            ['p1', 'p2'].map((projectId) => reading(NOON + HOUR, 2 * HOUR, { resource, projectId })),
          ),
        ),
      ]);
      const { data } = await ledger.corrections(ALL);
      expect(data.map((row) => `${(row.startMs - NOON) / HOUR} ${row.projectId} ${row.resource}`)).toEqual(
        [2, 1, 0].flatMap((hour) =>
          ['p1', 'p2'].flatMap((project) => ['mb', 'vcpu'].map((name) => `${hour} ${project} ${name}`)),
        ),
      );
      expect(await inPages(5, (page) => ledger.corrections({ ...ALL, ...page }))).toEqual(data);
      const found = async (more: Partial<MeterRecordQuery>) =>
        (await ledger.corrections({ ...ALL, ...more })).data.length;
      expect(await found({ site: 'b' })).toBe(0);
      expect(await found({ site: 'a', fromMs: NOON + HOUR, toMs: NOON + 2 * HOUR })).toBe(4);
      expect(await found({ projectId: ['p1', 'p3'], resource: 'mb' })).toBe(3);
    });
  });

  it('anomalies say what happened in an hour, and people of grants do not see them', async () => {
    const { ledger } = await freshLedger(['a']);
    await fold(ledger, 0, 0);
    await fold(ledger, 0.1, 5);
    await fold(ledger, 0.2, 3);
    await fold(ledger, 0.3, 2);
    await fold(ledger, 0.4, 2, { projectId: 'p2', projectName: 'two' });
    const expected = [
      { ...place, startMs: NOON, kind: 'total-fell', count: 2, correction: -3, lastAtMs: NOON + 18 * MINUTE },
    ];
    expect((await ledger.anomalies(ALL)).data).toEqual(expected);
    expect((await ledger.anomalies({ ...ALL, scope: { sites: ['a'], grants: [] } })).data).toEqual(expected);
    expect((await ledger.anomalies({ ...ALL, ...OF_GRANT })).data).toEqual([]);
    expect((await ledger.anomalies({ ...ALL, projectId: 'p2' })).data).toEqual([]);
  });

  it('refusals are there once for each reason of a site, and people of grants do not see them', async () => {
    const { ledger } = await freshLedger(['a', 'b']);
    const refused = async (site: string, hour: number, reason: string, count: number) =>
      await ledger.fold(
        site,
        sweep([reading(NOON + hour * HOUR, 0)], [{ reason, count, example: `${reason} ${hour}` }]),
      );
    await refused('a', 0, 'not a number', 2);
    await refused('a', 1, 'not a number', 3);
    await refused('a', 1, 'no time', 1);
    await refused('b', 2, 'no time', 1);
    const row = { lastAtMs: NOON + HOUR, firstAtMs: NOON + HOUR, series: 1, lastSeries: 1 };
    const rows = [
      { ...row, site: 'a', reason: 'no time', example: 'no time 1' },
      {
        ...row,
        site: 'a',
        reason: 'not a number',
        example: 'not a number 1',
        firstAtMs: NOON,
        series: 5,
        lastSeries: 3,
      },
      {
        ...row,
        site: 'b',
        reason: 'no time',
        example: 'no time 2',
        firstAtMs: NOON + 2 * HOUR,
        lastAtMs: NOON + 2 * HOUR,
      },
    ];
    expect((await ledger.refusals(ALL)).data).toEqual(rows);
    expect(await inPages(1, (page) => ledger.refusals({ ...ALL, ...page }))).toEqual(rows);
    expect((await ledger.refusals({ ...ALL, toMs: NOON + HOUR })).data).toEqual([rows[1]]);
    expect((await ledger.refusals({ ...ALL, fromMs: NOON + 2 * HOUR })).data).toEqual([rows[2]]);
    expect((await ledger.refusals({ ...ALL, scope: { sites: ['b'], grants: [] } })).data).toEqual([rows[2]]);
    expect((await ledger.refusals({ ...ALL, ...OF_GRANT })).data).toEqual([]);
  });

  it('the versions of exporters stay known through sweeps that state none', async () => {
    const { ledger } = await freshLedger(['a']);
    const versions = async () =>
      (await ledger.sites({ scope: EVERYTHING })).map(({ exporterVersions }) => exporterVersions);
    expect(await versions()).toEqual([undefined]);
    await ledger.fold('a', { ...sweep([reading(NOON, 0)]), versions: ['0.1.0', '0.2.0'] });
    await fold(ledger, 0.1, 0);
    expect(await versions()).toEqual([['0.1.0', '0.2.0']]);
  });

  it('sweeps that end in the same way are one row, and a site has the last hundred before the present one', async () => {
    const { ledger, connection } = await freshLedger(['a', 'b']);
    const refusals = [{ reason: 'no time', count: 1, example: 'x' }];
    await ledger.fold('a', sweep([reading(NOON, 0)]));
    await ledger.fold('a', sweep([reading(NOON + 1, 0)]));
    await ledger.fold('a', sweep([reading(NOON + 2, 0)], refusals));
    await ledger.recordFailure('a', NOON + 3, `a\u0000bc ${'\ud83d\ude00'.repeat(400)}`);
    await ledger.recordFailure('a', NOON + 4, 'timeout');
    await ledger.recordFailure('b', NOON + 5, 'timeout');
    const rows = [
      { site: 'b', outcome: 'failed', fromMs: NOON + 5, toMs: NOON + 5, sweeps: 1, error: 'timeout' },
      { site: 'a', outcome: 'failed', fromMs: NOON + 3, toMs: NOON + 4, sweeps: 2, error: 'timeout' },
      {
        site: 'a',
        outcome: 'refused',
        fromMs: NOON + 2,
        toMs: NOON + 2,
        sweeps: 1,
        error: 'series were refused: no time (1, such as x)',
      },
      { site: 'a', outcome: 'ok', fromMs: NOON, toMs: NOON + 1, sweeps: 2, error: null },
    ];
    expect((await ledger.sweeps(ALL)).data).toEqual(rows);
    expect(await inPages(1, (page) => ledger.sweeps({ ...ALL, ...page }))).toEqual(rows);
    expect((await ledger.sweeps({ ...ALL, site: 'b' })).data).toEqual(rows.slice(0, 1));
    expect((await ledger.sweeps({ ...ALL, fromMs: NOON + 2, toMs: NOON + 3 })).data).toEqual(
      rows.slice(2, 3),
    );
    expect((await ledger.sweeps({ ...ALL, scope: { sites: ['b'], grants: [] } })).data).toEqual(
      rows.slice(0, 1),
    );
    expect((await ledger.sweeps({ ...ALL, ...OF_GRANT })).data).toEqual([]);

    await ledger.fold('a', sweep([reading(NOON + 10, 0)]));
    await ledger.recordFailure('a', NOON + 11, `a\u0000bc ${'\ud83d\ude00'.repeat(400)}`);
    await ledger.fold('a', sweep([reading(NOON + 12, 0)]));
    expect((await ledger.sweeps({ ...ALL, site: 'a' })).data[1]?.error).toMatch(/^abc \S+…$/u);
    await runSql(
      connection,
      `UPDATE ledger.site_state SET earlier_runs =
         (SELECT jsonb_agg(jsonb_build_object('outcome', 'ok', 'fromMs', -i, 'toMs', 1, 'sweeps', 1)) FROM generate_series(1, 100) i)`,
    );
    await ledger.recordFailure('a', NOON + 13, 'timeout');
    expect((await ledger.sweeps({ ...ALL, site: 'a', limit: 1000 })).data).toHaveLength(101);
  });
});
