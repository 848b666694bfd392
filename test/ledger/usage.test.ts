import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { describe, expect, it } from 'vitest';
import { reading } from './in-memory-book.ts';
import type { CoverageQuery, Ledger, UsageQuery, StepUsage } from '../../src/portal/ledger/ledger.ts';
import {
  columns,
  foldAll,
  HOUR,
  inPages,
  MINUTE,
  NOON,
  onEveryPostgresql,
  query,
  sitesNamed,
  sweep,
} from './fixture.ts';
import { runSql } from '../support/postgresql-server.ts';

onEveryPostgresql('answers', (freshLedger) => {
  describe('usage', () => {
    /** Two sites with one project each, of the same id; usage of 1 and 2 vCPUs and 512 MiB over the end of a month. */
    async function twoSites() {
      const fixture = await freshLedger(['a', 'b']);
      const hours = Array.from({ length: 25 }, (_, i) => i);
      for (const [site, vcpus] of [
        ['a', 1],
        ['b', 2],
      ] as const)
        for (const hour of hours)
          await fixture.ledger.fold(
            site,
            sweep([
              reading(NOON + hour * HOUR, vcpus * hour * HOUR),
              reading(NOON + hour * HOUR, 512 * hour * HOUR, { resource: 'mb' }),
            ]),
          );
      fixture.time.nowMs = NOON + 24 * HOUR;
      return fixture;
    }

    it('is added up by hour, day, month, quarter and year, and in total', async () => {
      const { ledger } = await twoSites();
      const sums = async (step: UsageQuery['step']) =>
        columns((await ledger.usage(query({ step, site: 'a', resource: 'vcpu' }))).data, 'startMs', 'amount');
      expect((await sums('hour')).slice(0, 2)).toEqual([
        [NOON, 1],
        [NOON + HOUR, 1],
      ]);
      const halves = [
        [NOON - 12 * HOUR, 12],
        [NOON + 12 * HOUR, 12],
      ];
      expect(await sums('day')).toEqual(halves);
      expect(await sums('month')).toEqual(halves);
      for (const step of ['quarter', 'year', 'total'] as const)
        expect(await sums(step)).toEqual([[NOON - 12 * HOUR, 24]]);
    });

    it('starts its first step at the start of the requested interval', async () => {
      const { ledger } = await twoSites();
      for (const step of ['day', 'month', 'total'] as const) {
        const { data } = await ledger.usage(
          query({ step, site: 'a', resource: 'vcpu', fromMs: NOON + 3 * HOUR }),
        );
        expect(data[0]).toMatchObject({ startMs: NOON + 3 * HOUR, amount: step === 'total' ? 21 : 9 });
      }
    });

    it('ends with the hour before the end of the interval', async () => {
      const { ledger } = await twoSites();
      const { data } = await ledger.usage(
        query({ step: 'total', site: 'a', resource: 'vcpu', toMs: NOON + 5 * HOUR }),
      );
      expect(columns(data, 'amount')).toEqual([[5]]);
    });

    it('has the requested dimensions, and never adds different resources', async () => {
      const { ledger } = await twoSites();
      const total = (by: UsageQuery['by'], more: Partial<UsageQuery> = {}) =>
        ledger.usage(query({ step: 'total', by, ...more })).then(({ data }) => data);
      const rest = { startMs: NOON - 12 * HOUR, coverage: 'measured' };
      expect(await total(new Set())).toEqual([
        {
          ...rest,
          resource: 'mb',
          amountMs: BigInt(2 * 512 * 24 * HOUR),
          amount: 2 * 512 * 24,
          unit: 'MiB-hours',
        },
        { ...rest, resource: 'vcpu', amountMs: BigInt(72 * HOUR), amount: 72, unit: 'vCPU-hours' },
      ]);
      expect(await total(new Set(['site']), { resource: 'vcpu' })).toEqual([
        { ...rest, site: 'a', amountMs: BigInt(24 * HOUR), amount: 24, unit: 'vCPU-hours' },
        { ...rest, site: 'b', amountMs: BigInt(48 * HOUR), amount: 48, unit: 'vCPU-hours' },
      ]);
    });

    it('separates projects of two sites that have the same id (A9)', async () => {
      const { ledger } = await twoSites();
      const { data } = await ledger.usage(
        query({ step: 'total', by: new Set(['project']), resource: 'vcpu' }),
      );
      expect(columns(data, 'projectId', 'amount')).toEqual([
        ['p1', 24],
        ['p1', 48],
      ]);
    });

    it('by domain adds up its projects at each site, under the latest name of the domain', async () => {
      const { ledger } = await twoSites();
      const inDomain = (hour: number, projectId: string, domainName: string) =>
        reading(NOON + hour * HOUR, (hour - 24) * HOUR, { projectId, domainId: 'd', domainName });
      await ledger.fold('a', sweep([inDomain(25, 'gone', 'zoology'), inDomain(25, 'p2', 'zoology')]));
      await ledger.fold('a', sweep([inDomain(26, 'p2', 'biology')]));
      await ledger.fold('b', sweep([inDomain(25, 'p3', 'botany')]));
      const rows = async (by: UsageQuery['by'], limit = 10) =>
        columns(
          await inPages(limit, async (page) =>
            ledger.usage(query({ step: 'total', by, resource: 'vcpu', ...page })),
          ),
          'domainId',
          'domainName',
          'projectId',
          'amount',
        );
      const byDomain = [
        ['d', 'biology', undefined, 3],
        ['default', 'Default', undefined, 24],
        ['d', 'botany', undefined, 1],
        ['default', 'Default', undefined, 48],
      ];
      expect(await rows(new Set(['domain']))).toEqual(byDomain);
      expect(await rows(new Set(['domain']), 1)).toEqual(byDomain);
      expect(await rows(new Set(['domain', 'project']), 1)).toEqual([
        ['d', 'zoology', 'gone', 1],
        ['default', 'Default', 'p1', 24],
        ['d', 'biology', 'p2', 2],
        ['default', 'Default', 'p1', 48],
        ['d', 'botany', 'p3', 1],
      ]);
    });

    it('is limited to the requested site and project', async () => {
      const { ledger } = await twoSites();
      await ledger.fold('a', sweep([reading(NOON + 25 * HOUR, HOUR, { projectId: 'p2' })]));
      const total = (more: Partial<UsageQuery>) =>
        ledger
          .usage(query({ step: 'total', resource: 'vcpu', ...more }))
          .then(({ data }) => columns(data, 'site', 'projectId', 'amount'));
      expect(await total({ site: 'b' })).toEqual([['b', 'p1', 48]]);
      expect(await total({ projectId: 'p2' })).toEqual([['a', 'p2', 1]]);
      expect(await total({ projectId: 'no such' })).toEqual([]);
      expect(await total({ site: 'no such' })).toEqual([]);
    });

    it('comes in pages that make up the whole', async () => {
      const { ledger } = await twoSites();
      for (const step of ['hour', 'day', 'month', 'total'] as const)
        for (const by of [['site', 'project'], ['resource'], []] as const) {
          // Few hours, over the end of the month: each page is a question.
          const hours = step === 'hour' ? { fromMs: NOON + 9 * HOUR, toMs: NOON + 15 * HOUR } : {};
          const question = query({ step, by: new Set(by), ...hours });
          const whole = await ledger.usage(question);
          // A page of one row is a part of a step.
          for (const limit of [1, 3])
            expect(await inPages(limit, (page) => ledger.usage({ ...question, ...page }))).toEqual(
              whole.data,
            );
          expect(await allRows(ledger.allUsage({ ...question, limit: 3 }))).toEqual(whole.data);
        }
    });

    it('is complete and of one instant while usage is folded and hours are dropped', async () => {
      const { ledger, time } = await freshLedger();
      const projects = Array.from({ length: 30 }, (_, index) => `p${index}`);
      const readingsAt = (hours: number) =>
        projects.map((projectId) => reading(NOON + hours * HOUR, hours * HOUR, { projectId }));
      for (const hours of [0, 24, 48, 72]) await ledger.fold('a', sweep(readingsAt(hours)));
      time.nowMs = NOON + 100 * 24 * HOUR;
      const question = query({ step: 'hour', toMs: NOON + 20 * 24 * HOUR, by: new Set(['project']) });
      const before = await allRows(ledger.allUsage(question));
      expect(before).toHaveLength(30 * 72);
      const rows = ledger.allUsage(question)[Symbol.asyncIterator]();
      const first = await rows.next();
      await ledger.fold('a', sweep(readingsAt(96)));
      await ledger.maintain({ packAfterDays: 2, hoursKeptDays: 10, gapsKeptDays: 62 });
      const rest = await allRows({ [Symbol.asyncIterator]: () => rows });
      expect([...(first.value as StepUsage[]), ...rest]).toEqual(before);
      await expect(allRows(ledger.allUsage(question))).rejects.toThrow('are no longer kept');
    });

    it('breaks off if the database ends its connection, and the ledger answers the next question', async () => {
      const { ledger, connection } = await twoSites();
      const projects = Array.from({ length: 3_000 }, (_, index) => `p${index}`);
      for (const hours of [26, 27])
        await ledger.fold(
          'a',
          sweep(projects.map((projectId) => reading(NOON + hours * HOUR, hours * HOUR, { projectId }))),
        );
      const rows = ledger.allUsage(query());
      await expect(
        (async () => {
          for await (const piece of rows) {
            expect(piece.length).toBeGreaterThan(0);
            await runSql(
              connection,
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND state = 'idle in transaction'`,
            );
          }
        })(),
      ).rejects.toThrow(/terminat|connection/i);
      expect((await allRows(ledger.allUsage(query()))).length).toBeGreaterThan(3_000);
    });

    it('returns its connection if the reader stops early', async () => {
      const { ledger } = await twoSites();
      for (let time = 0; time < 40; time += 1)
        for await (const rows of ledger.allUsage(query())) {
          expect(rows.length).toBeGreaterThan(0);
          break;
        }
    });

    it('refuses a cursor that no answer gave', async () => {
      const { ledger } = await freshLedger();
      for (const cursor of ['x', Buffer.from('[1,2]').toString('base64url')])
        await expect(ledger.usage(query({ cursor }))).rejects.toThrow(
          'the cursor is not one that an earlier answer gave as "next"',
        );
    });
  });

  describe('coverage', () => {
    const coverages = async (ledger: Ledger, more: Partial<UsageQuery> = {}) =>
      columns((await ledger.usage(query({ by: new Set(['site']), ...more }))).data, 'startMs', 'coverage');

    it('is `spread` for hours over which the usage of a gap is spread', async () => {
      const { ledger, time } = await freshLedger();
      const readings = [0, 0.5, 2.5, 2.9].map((hours) => reading(NOON + hours * HOUR, hours * HOUR));
      await foldAll(ledger, 'a', ...readings);
      time.nowMs = NOON + 2.95 * HOUR;
      expect(await coverages(ledger)).toEqual([
        [NOON, 'spread'],
        [NOON + HOUR, 'spread'],
        [NOON + 2 * HOUR, 'spread'],
      ]);
      await foldAll(ledger, 'a', reading(NOON + 3 * HOUR, 3 * HOUR), reading(NOON + 3.1 * HOUR, 3.1 * HOUR));
      expect((await coverages(ledger)).at(-1)).toEqual([NOON + 3 * HOUR, 'measured']);
    });

    it('is `missing` for an hour without a reading at its end, also in its day and in the total', async () => {
      const { ledger, time } = await freshLedger(['a', 'b']);
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 0.5 * HOUR, HOUR));
      await foldAll(ledger, 'b', reading(NOON, 0), reading(NOON + 3 * HOUR, HOUR));
      time.nowMs = NOON + 0.9 * HOUR;
      expect(await coverages(ledger, { site: 'a' })).toEqual([[NOON, 'measured']]);
      time.nowMs = NOON + 3 * HOUR;
      expect(await coverages(ledger, { site: 'a' })).toEqual([[NOON, 'missing']]);
      expect(await coverages(ledger, { site: 'a', step: 'day' })).toEqual([[NOON - 12 * HOUR, 'missing']]);
      expect(await coverages(ledger, { site: 'b', step: 'day' })).toEqual([[NOON - 12 * HOUR, 'spread']]);
      expect(await coverages(ledger, { by: new Set(), step: 'total' })).toEqual([
        [NOON - 12 * HOUR, 'missing'],
      ]);
    });

    it('is known for every hour of every site and cloud, with or without usage', async () => {
      const { ledger, time } = await freshLedger(['a', 'b']);
      await foldAll(
        ledger,
        'a',
        reading(NOON + 0.5 * HOUR, 5),
        reading(NOON + 0.7 * HOUR, 5),
        reading(NOON + 2.5 * HOUR, 5),
        reading(NOON + 3 * HOUR, 5),
        reading(NOON + 3.9 * HOUR, 5),
      );
      await foldAll(
        ledger,
        'b',
        reading(NOON + 2 * HOUR, 5, { cloud: 'west', epoch: 'w' }),
        reading(NOON + 2.2 * HOUR, 5, { cloud: 'west', epoch: 'w' }),
      );
      await ledger.declareSites(sitesNamed('a'));
      time.nowMs = NOON + 5.9 * HOUR;
      const question = { scope: EVERYTHING, fromMs: NOON - 9 * HOUR, toMs: NOON + 99 * HOUR, limit: 100 };
      const { data } = await ledger.coverage(question);
      expect(
        data.map((row) => [
          `${row.site}${row.cloud}`,
          (row.startMs - NOON) / HOUR,
          row.coverage,
          row.measuredMs / 1000,
          row.spreadMs / 1000,
          row.reached,
        ]),
      ).toEqual([
        ['a', 0, 'spread', 720, 1080, true],
        ['a', 1, 'spread', 0, 3600, true],
        ['a', 2, 'spread', 1800, 1800, true],
        ['bwest', 2, 'measured', 720, 0, true],
        ['a', 3, 'missing', 3240, 0, true],
        ['a', 4, 'missing', 0, 0, false],
        ['a', 5, 'measured', 0, 0, false],
      ]);
      const pages = await inPages(2, (page) => ledger.coverage({ ...question, ...page }));
      expect(pages).toEqual(data);
      expect((await ledger.coverage({ ...question, site: 'b' })).data).toEqual([data[3]]);
    });

    it('is `measured` in an hour whose next reading is not due yet, and in the present hour', async () => {
      const { ledger, time } = await freshLedger();
      await foldAll(ledger, 'a', reading(NOON + 60 * MINUTE, 5), reading(NOON + 115 * MINUTE, 5));
      const known = async (minute: number) => {
        time.nowMs = NOON + (2 * 60 + minute) * MINUTE;
        const { data } = await ledger.coverage({
          scope: EVERYTHING,
          fromMs: NOON + HOUR,
          toMs: NOON + 9 * HOUR,
          limit: 9,
        });
        return data.map((row) => [row.startMs, row.coverage, row.measuredMs / MINUTE, row.reached]);
      };
      const present = [NOON + 2 * HOUR, 'measured', 0, false];
      expect(await known(12)).toEqual([[NOON + HOUR, 'measured', 55, true], present]);
      expect(await known(15)).toEqual([[NOON + HOUR, 'missing', 55, true], present]);
    });

    it('is known for days, for all sites together, and for the clouds of a project or a grant', async () => {
      const { ledger, time } = await freshLedger(['a', 'b']);
      const west = { cloud: 'west', epoch: 'w', projectId: 'p2' };
      await foldAll(ledger, 'a', reading(NOON + 11.5 * HOUR, 5), reading(NOON + 13 * HOUR, 5));
      await foldAll(ledger, 'b', reading(NOON + 12 * HOUR, 5), reading(NOON + 12.2 * HOUR, 5));
      await foldAll(ledger, 'b', reading(NOON + 12.8 * HOUR, 5, west), reading(NOON + 13 * HOUR, 5, west));
      time.nowMs = NOON + 13.3 * HOUR;
      const question = { fromMs: NOON, toMs: NOON + 36 * HOUR, limit: 9 };
      const known = async (more: Partial<CoverageQuery>) => {
        const { data } = await ledger.coverage({ scope: EVERYTHING, ...question, ...more });
        expect(
          await inPages(1, (page) => ledger.coverage({ scope: EVERYTHING, ...question, ...more, ...page })),
        ).toEqual(data);
        return data;
      };
      const today = { startMs: NOON, measuredMs: 0, spreadMs: 30 * MINUTE };
      const tomorrow = { startMs: NOON + 12 * HOUR, reached: true };
      const together = await known({ step: 'day', by: new Set() });
      expect(together).toEqual([
        { ...today, coverage: 'spread', reached: true },
        { ...tomorrow, coverage: 'missing', measuredMs: 24 * MINUTE, spreadMs: HOUR },
      ]);
      const whole = { startMs: NOON, reached: true, measuredMs: 24 * MINUTE, spreadMs: 0 };
      expect(await known({ step: 'total', by: new Set(['site']), site: 'b' })).toEqual([
        { ...whole, site: 'b', coverage: 'missing' },
      ]);
      const ofWest = { ...whole, coverage: 'measured', measuredMs: 12 * MINUTE };
      const total = { step: 'total', by: new Set<never>() } as const;
      expect(await known({ ...total, projectId: 'p2' })).toEqual([ofWest]);
      const grants = [{ name: 'g', projects: [{ site: 'b', projectId: 'p2' }] }];
      expect(await known({ ...total, grant: 'g', grants })).toEqual([ofWest]);
      expect(await known({ ...total, projectId: 'p3' })).toEqual([]);
    });

    it('has shares for a whole interval, from the first reading of each cloud of a declared site', async () => {
      const { ledger } = await freshLedger(['a', 'b', 'none']);
      await foldAll(
        ledger,
        'a',
        reading(NOON + 0.5 * HOUR, 5),
        reading(NOON + 0.7 * HOUR, 5),
        reading(NOON + 2.5 * HOUR, 5),
        reading(NOON + 1.5 * HOUR, 5, { cloud: 'west', epoch: 'w' }),
        reading(NOON + 1.7 * HOUR, 5, { cloud: 'west', epoch: 'w' }),
      );
      await foldAll(ledger, 'b', reading(NOON, 5), reading(NOON + 0.2 * HOUR, 5));
      await ledger.declareSites(sitesNamed('a', 'none'));
      const shares = async (fromHours: number, toHours: number) =>
        (await ledger.coverageShares(NOON + fromHours * HOUR, NOON + toHours * HOUR)).map((row) => [
          row.site,
          ...[row.measured, row.spread, row.missing].map((part) => Number(part.toFixed(6))),
        ]);
      // The interval has 2.5 hours of a's cloud without a name, and 1.5 hours of its cloud west.
      expect(await shares(-9, 3)).toEqual([['a', 0.1, 0.45, 0.45]]);
      expect(await shares(2, 3)).toEqual([['a', 0, 0.25, 0.75]]);
      expect(await shares(-9, 0)).toEqual([]);
    });

    it('depends on how often a site is read: the pauses of a rarely read site are no gaps', async () => {
      const { ledger, time } = await freshLedger([]);
      await ledger.declareSites([
        { name: 'often', labels: {}, intervalMs: 30_000 },
        { name: 'seldom', labels: {}, intervalMs: HOUR / 4 },
      ]);
      const readings = [0, 0.8, 1.2, 1.9].map((hours) => reading(NOON + hours * HOUR, hours * HOUR));
      for (const site of ['often', 'seldom']) await foldAll(ledger, site, ...readings);
      time.nowMs = NOON + 2.5 * HOUR;
      expect(columns((await ledger.usage(query())).data, 'site', 'startMs', 'coverage')).toEqual([
        ['often', NOON, 'spread'],
        ['seldom', NOON, 'measured'],
        ['often', NOON + HOUR, 'missing'],
        ['seldom', NOON + HOUR, 'measured'],
      ]);
      expect([(await ledger.gaps('often')).length, (await ledger.gaps('seldom')).length]).toEqual([1, 0]);
    });

    it('ignores a retired cloud, and counts it again once it is no longer retired', async () => {
      const { ledger, time } = await freshLedger(['a', 'b']);
      for (const cloud of ['', 'west']) {
        const more = { cloud, epoch: `e${cloud}` };
        await foldAll(ledger, 'a', reading(NOON, 0, more), reading(NOON + 0.5 * HOUR, HOUR, more));
      }
      await foldAll(ledger, 'a', reading(NOON + 2 * HOUR, HOUR, { epoch: 'e' }));
      time.nowMs = NOON + 2.5 * HOUR;
      const missing = async (...retiredClouds: string[]) => {
        await ledger.declareSites([
          { name: 'a', labels: {}, retiredClouds },
          { name: 'b', labels: {}, retiredClouds: [''] },
        ]);
        const { data } = await ledger.coverage({
          scope: EVERYTHING,
          fromMs: NOON,
          toMs: NOON + 3 * HOUR,
          limit: 10,
        });
        const [shares] = await ledger.coverageShares(NOON, NOON + 2 * HOUR);
        return [
          data
            .filter(({ coverage }) => coverage === 'missing')
            .map(({ cloud, startMs }) => `${cloud} ${startMs}`),
          await coverages(ledger, { step: 'total', fromMs: NOON, toMs: NOON + 2 * HOUR }),
          shares?.missing,
        ];
      };
      const west = [0, 1].map((hours) => `west ${NOON + hours * HOUR}`);
      expect(await missing('west')).toEqual([[], [[NOON, 'measured']], 0]);
      expect(await missing()).toEqual([west, [[NOON, 'missing']], 0.375]);
    });

    it('ignores a retired cloud also if another portal does not mention retired clouds', async () => {
      const { ledger, time } = await freshLedger(['a']);
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 0.9 * HOUR, HOUR));
      time.nowMs = NOON + 2 * HOUR;
      const missing = async (...declarations: (readonly string[] | undefined)[]) => {
        for (const retiredClouds of declarations)
          await ledger.declareSites([{ name: 'a', labels: {}, retiredClouds }]);
        return (await ledger.coverageShares(NOON + HOUR, NOON + 2 * HOUR)).map((share) => share.missing);
      };
      expect(await missing([''], undefined)).toEqual([]);
      expect(await missing([], undefined)).toEqual([1]);
    });

    it('ignores a site that is no longer declared', async () => {
      const { ledger, time } = await freshLedger();
      await foldAll(ledger, 'a', reading(NOON, 0), reading(NOON + 0.5 * HOUR, HOUR));
      await ledger.declareSites(sitesNamed('b'));
      time.nowMs = NOON + 30 * HOUR;
      expect(await coverages(ledger)).toEqual([[NOON, 'measured']]);
    });
  });
});

async function allRows(pieces: AsyncIterable<StepUsage[]>): Promise<StepUsage[]> {
  const rows: StepUsage[] = [];
  for await (const piece of pieces) rows.push(...piece);
  return rows;
}
