import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reading } from './in-memory-book.ts';
import type { Grant, Ledger, StepUsage, UsageQuery } from '../../src/portal/ledger/ledger.ts';
import { costOf } from '../../src/portal/ledger/question-cost.ts';
import { countLedger } from '../../src/portal/ledger/store/answers/count-ledger.ts';
import { viewOf } from '../../src/portal/ledger/store/answers/view/view.ts';
import { HoursGoneError } from '../../src/portal/ledger/question-errors.ts';
import { zoneNamed } from '../../src/portal/ledger/zone.ts';
import { firstHourNeeded, hourRange, stepOfSums } from '../../src/portal/ledger/steps.ts';
import { anyGroups } from './scoped-ledger.ts';
import type { HourUsage, Place } from './scope-by-hour.ts';
import { HOUR, inPages, MINUTE, onEveryPostgresql, storeOn, sweep, type FreshLedger } from './fixture.ts';
import {
  answerByHour,
  coverageByHour,
  daysWithoutHours,
  needsLostHours,
  storedCoverage,
  storedHours,
  type CloudState,
  type Knowledge,
} from './grants-by-hour.ts';

const DAY = 24 * HOUR;
const FIRST = Date.UTC(2026, 0, 30, 10);
const LAST = Date.UTC(2026, 2, 2, 10);
const NOW = LAST + 5 * HOUR;
const RESOURCES = ['vcpu', 'mb'] as const;
/** Projects with the id of each other, a project in two clouds, a part of a pool, and a project that begins late. */
const PLACES: (Place & { beginMs: number })[] = [
  { site: 'a', cloud: '', projectId: 'p1', beginMs: FIRST },
  { site: 'a', cloud: '', projectId: 'pool/part', beginMs: FIRST },
  { site: 'a', cloud: '', projectId: 'late', beginMs: FIRST + 20 * DAY },
  { site: 'b', cloud: 'west', projectId: 'p1', beginMs: FIRST },
  { site: 'b', cloud: 'east', projectId: 'p1', beginMs: FIRST },
  { site: 'b', cloud: 'east', projectId: 'p2', beginMs: FIRST },
];
/** The cloud east of b is not read any more. */
const lastOf = ({ cloud }: { cloud: string }) => (cloud === 'east' ? LAST - 2 * DAY - 7 * HOUR : LAST);

const CLOUDS: CloudState[] = [
  { site: 'a', cloud: '' },
  { site: 'b', cloud: 'east' },
  { site: 'b', cloud: 'west' },
].map((cloud) => ({ ...cloud, firstMs: FIRST, lastMs: lastOf(cloud) }));

/** Hourly readings around two ends of months and in the middle, and gaps of a day and a bit between them. */
function instants(): number[] {
  const all: number[] = [];
  for (let ms = FIRST; ms < LAST; ms += HOUR) {
    const hour = (ms - FIRST) / HOUR;
    if (hour < 50 || ms > LAST - 60 * HOUR || hour % 29 === 0 || (hour > 300 && hour < 330)) all.push(ms);
  }
  return [...all, LAST];
}

/** A total that grows by an odd amount in each hour, which tells hours and meters apart. */
function totalAt(place: Place, resource: string, ms: number): bigint {
  const hours = BigInt(Math.round((ms - FIRST) / MINUTE));
  const factor = BigInt(
    PLACES.findIndex(
      (one) => one.site === place.site && one.cloud === place.cloud && one.projectId === place.projectId,
    ) *
      2 +
      RESOURCES.indexOf(resource as 'mb') +
      1,
  );
  return hours * 60_013n * factor + hours * hours * 7n;
}

function readingsAt(site: string, ms: number) {
  return PLACES.filter((place) => place.site === site && ms >= place.beginMs && ms <= lastOf(place)).flatMap(
    (place) =>
      RESOURCES.map((resource) =>
        reading(ms, totalAt(place, resource, ms), {
          cloud: place.cloud,
          projectId: place.projectId,
          resource,
          epoch: place.cloud || 'a',
        }),
      ),
  );
}

async function fill(ledger: Ledger): Promise<void> {
  for (const ms of instants())
    for (const site of ['a', 'b']) await ledger.fold(site, sweep(readingsAt(site, ms)));
}

/** Late readings in the gaps: the usage of their hours moves. */
async function tellLate(ledger: Ledger, hourOfGap: number): Promise<void> {
  for (const site of ['a', 'b']) {
    const sweeps = (await ledger.gaps(site)).map(({ cloud, fromMs }) => {
      const ms = fromMs + hourOfGap * HOUR + 20 * MINUTE;
      return sweep(
        readingsAt(site, ms)
          .filter((one) => one.cloud === cloud)
          .map((one) => ({
            ...one,
            total: one.total + (totalAt({ site, ...one }, one.resource, fromMs) - one.total) / 3n,
          })),
      );
    });
    await ledger.foldLate(site, sweeps);
  }
}

const anyHour = fc.oneof(
  fc.integer({ min: FIRST / HOUR - 30, max: NOW / HOUR + 20 }),
  fc.integer({ min: -1, max: 33 }).map((day) => (Math.floor(FIRST / DAY) + day) * 24),
  fc.constantFrom(Date.UTC(2026, 1) / HOUR, Date.UTC(2026, 2) / HOUR),
);

/** A project's grants over time: a change at each hour, with null for the time without one. */
const anyHistory = fc
  .uniqueArray(fc.tuple(anyHour, fc.constantFrom(null, 'climate', 'imaging', 'never used')), {
    maxLength: 5,
    selector: ([hour]) => hour,
  })
  .map((changes) => changes.toSorted(([one], [other]) => one - other))
  .chain((changes) =>
    fc.record({
      first: fc.constantFrom(null, 'climate'),
      changes: fc.constant(changes),
      isOpen: fc.boolean(),
    }),
  );

/** Grants whose projects come and go, of one cloud or of all clouds of a site. Some are in groups. */
const anyGrants: fc.Arbitrary<Grant[]> = fc
  .record({
    a: fc.array(anyHistory, { minLength: 3, maxLength: 3 }),
    b: fc.oneof(
      fc.tuple(anyHistory, anyHistory).map(([west, east]) => [
        { cloud: 'west', history: west },
        { cloud: 'east', history: east },
      ]),
      anyHistory.map((history) => [{ cloud: undefined, history }]),
    ),
    groups: anyGroups,
  })
  .map(({ a, b, groups }) => {
    const grants = new Map<string, Grant['projects'][number][]>();
    const add = (
      site: string,
      projectId: string,
      cloud: string | undefined,
      { first, changes, isOpen }: (typeof a)[number],
    ) => {
      const starts: [number | undefined, string | null][] = [[undefined, first], ...changes];
      const distinct = starts.filter(([, grant], i) => i === 0 || grant !== starts[i - 1]?.[1]);
      for (const [i, [hour, grant]] of distinct.entries()) {
        if (grant === null) continue;
        const end = distinct[i + 1]?.[0] ?? (isOpen ? undefined : NOW / HOUR + 10);
        grants.set(grant, [
          ...(grants.get(grant) ?? []),
          {
            site,
            projectId,
            cloud,
            fromMs: hour === undefined ? undefined : hour * HOUR,
            toMs: end === undefined ? undefined : end * HOUR,
          },
        ]);
      }
    };
    for (const [i, projectId] of ['p1', 'pool/part', 'late'].entries())
      add('a', projectId, undefined, a[i] as (typeof a)[number]);
    for (const { cloud, history } of b) add('b', 'p1', cloud, history);
    return [...grants].map(([name, projects], index) => ({ name, group: groups[index], projects }));
  });

const ZONES = ['Europe/Berlin', 'America/New_York'].map((name) =>
  zoneNamed(name, { fromHour: Date.UTC(2025, 0) / HOUR, toHour: Date.UTC(2027, 0) / HOUR }),
);

const anyQuestion: fc.Arbitrary<UsageQuery> = fc
  .record({
    hours: fc.uniqueArray(anyHour, { minLength: 2, maxLength: 2 }),
    step: fc.constantFrom('hour', 'day', 'month', 'quarter', 'year', 'total'),
    by: fc.subarray(['grant', 'site', 'cloud', 'project', 'resource'] as const),
    site: fc.constantFrom(undefined, undefined, undefined, 'a', 'b', ['a', 'b']),
    projectId: fc.constantFrom(undefined, undefined, undefined, 'p1', 'pool/part', ['p1', 'late', 'no']),
    resource: fc.constantFrom(undefined, 'vcpu', ['vcpu', 'mb']),
    grant: fc.constantFrom(undefined, undefined, 'climate', 'imaging', ['climate', 'imaging']),
    grants: anyGrants,
    zone: fc.constantFrom(undefined, undefined, ...ZONES),
  })
  .map(({ hours, step, by, ...more }) => {
    const [first = 0, last = 0] = hours.toSorted((one, other) => one - other);
    // Few enough rows for a page.
    const toHour = step === 'hour' ? Math.min(last, first + 80) : last;
    return {
      ...more,
      scope: EVERYTHING,
      step,
      by: new Set(by),
      fromMs: first * HOUR,
      toMs: toHour * HOUR,
      limit: 10_000,
    };
  });

/** The columns of a row that the oracle knows. */
function shown(rows: readonly StepUsage[]): Partial<StepUsage>[] {
  return rows.map(({ unit: _unit, projectName: _name, ...row }) => row);
}

const HOURS_GONE = 'hours are gone';

async function answered(ask: () => Promise<StepUsage[]>): Promise<Partial<StepUsage>[] | string> {
  try {
    return shown(await ask());
  } catch (error) {
    if (error instanceof HoursGoneError) return HOURS_GONE;
    throw error;
  }
}

async function allRows(ledger: Ledger, query: UsageQuery): Promise<StepUsage[]> {
  const rows: StepUsage[] = [];
  for await (const batch of ledger.allUsage(query)) rows.push(...batch);
  return rows;
}

onEveryPostgresql('grants whose projects come and go', (freshLedger: FreshLedger) => {
  async function filled() {
    const fixture = await freshLedger(['a', 'b']);
    await fill(fixture.ledger);
    fixture.time.nowMs = NOW;
    return fixture;
  }

  describe('usage by grant is what adding up each hour gives', () => {
    /** Asks random questions, and compares pages and the whole with the oracle. */
    async function compare(
      ledger: Ledger,
      hours: readonly HourUsage[],
      numRuns: number,
      lost: { days: HourUsage[]; keptFromHour: number } = { days: [], keptFromHour: -Infinity },
    ): Promise<void> {
      const known: Knowledge = {
        hours,
        places: PLACES,
        clouds: CLOUDS,
        nowMs: NOW,
      };
      const isLost = (query: UsageQuery) =>
        (query.grant === undefined &&
          (firstHourNeeded(stepOfSums(query), hourRange(query)) ?? Infinity) < lost.keptFromHour) ||
        needsLostHours(query, lost.days);
      await fc.assert(
        fc.asyncProperty(anyQuestion, fc.integer({ min: 1, max: 40 }), async (query, limit) => {
          const expected = isLost(query) ? HOURS_GONE : answerByHour(query, known);
          const few = Math.max(limit, Math.ceil(expected.length / 4));
          const asked = [
            async () => (await ledger.usage(query)).data,
            async () => await allRows(ledger, query),
            async () => await inPages(few, (page) => ledger.usage({ ...query, ...page })),
          ];
          for (const ask of asked) expect(await answered(ask)).toEqual(expected);
        }),
        { numRuns },
      );
    }

    it('before and after days are packed, late truth comes, and hours are dropped', async () => {
      const { ledger, connection } = await filled();
      const entries = await storedHours(connection);
      await compare(ledger, entries, 8);
      await ledger.maintain();
      await compare(ledger, entries, 12);
      await tellLate(ledger, 5);
      const corrected = await storedHours(connection);
      expect(corrected).not.toEqual(entries);
      await compare(ledger, corrected, 8);
      await ledger.maintain();
      expect(
        (await ledger.maintain({ packAfterDays: 2, hoursKeptDays: 1, gapsKeptDays: 62 })).dropped,
      ).toBeGreaterThan(0);
      const keptFromHour = Date.UTC(2026, 2) / HOUR;
      await compare(ledger, corrected, 20, { days: await daysWithoutHours(connection), keptFromHour });
      const early = async () => (await storedHours(connection)).filter(({ hour }) => hour < keptFromHour);
      const before = (await early()).map((one) => ({ ...one, amount: -one.amount, spread: -one.spread }));
      await tellLate(ledger, 17);
      const late = [...corrected, ...before, ...(await early())];
      await compare(ledger, late, 12, { days: await daysWithoutHours(connection), keptFromHour });
      expect(await ledger.verify()).toEqual([]);
    });
  });

  it('coverage of a grant counts the hours in which a cloud has a project of it', async () => {
    const { ledger, connection } = await filled();
    const stored = await storedCoverage(connection);
    const by = fc.constantFrom([], ['site'] as const, ['site', 'cloud'] as const);
    await fc.assert(
      fc.asyncProperty(anyQuestion, by, async (asked, dimensions) => {
        const query = { ...asked, grant: 'climate', resource: undefined, by: new Set(dimensions) };
        const known = { hours: [], places: PLACES, clouds: CLOUDS, nowMs: NOW };
        const { data } = await ledger.coverage(query);
        expect(data.map(({ reached: _reached, ...row }) => row)).toEqual(
          coverageByHour(query, known, stored),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('the estimate of a question is never less than its rows', async () => {
    const { connection, ledger } = await filled();
    const database = storeOn(connection);
    await fc.assert(
      fc.asyncProperty(anyQuestion, async (query) => {
        const cost = costOf(
          query,
          await countLedger(database, await viewOf(database, query)),
          hourRange(query),
        );
        expect((await ledger.usage(query)).data.length).toBeLessThanOrEqual(cost.rows);
      }),
      { numRuns: 15 },
    );
  });
});
