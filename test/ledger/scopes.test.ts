import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ledger, StepUsage, UsageQuery } from '../../src/portal/ledger/ledger.ts';
import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { costOf } from '../../src/portal/ledger/question-cost.ts';
import { HoursGoneError } from '../../src/portal/ledger/question-errors.ts';
import { firstHourNeeded, hourRange } from '../../src/portal/ledger/steps.ts';
import { countLedger } from '../../src/portal/ledger/store/answers/count-ledger.ts';
import { viewOf } from '../../src/portal/ledger/store/answers/view/view.ts';
import { HOUR, inPages, onEveryPostgresql, storeOn, type FreshLedger } from './fixture.ts';
import {
  answerByHour,
  coverageByHour,
  daysWithoutHours,
  needsLostHours,
  storedCoverage,
  storedHours,
  type Knowledge,
} from './grants-by-hour.ts';
import { placesOf, projectsByReading, siteByReading, type Facts, type HourUsage } from './scope-by-hour.ts';
import {
  anyQuestion,
  anyScope,
  anyGrants,
  cloudsOf,
  SCOPED_NOW,
  SITES,
  tell,
  toldReadings,
} from './scoped-ledger.ts';

const HOURS_GONE = 'hours are gone';
const READINGS = toldReadings();

function known(hours: readonly HourUsage[]): Knowledge & { facts: Facts } {
  return {
    hours,
    places: placesOf({ readings: READINGS }),
    clouds: cloudsOf(READINGS),
    nowMs: SCOPED_NOW,
    facts: { readings: READINGS, hours },
  };
}

async function answered(ask: () => Promise<StepUsage[]>) {
  try {
    return (await ask()).map(({ unit: _unit, projectName: _name, ...row }) => row);
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

onEveryPostgresql('a question with a scope', (freshLedger: FreshLedger) => {
  async function filled() {
    const fixture = await freshLedger(SITES);
    await tell(fixture.ledger, READINGS);
    fixture.time.nowMs = SCOPED_NOW;
    return fixture;
  }

  describe('about usage adds up the hours that it sees', () => {
    async function compare(
      ledger: Ledger,
      hours: readonly HourUsage[],
      numRuns: number,
      lost: { days: HourUsage[]; keptFromHour: number } = { days: [], keptFromHour: -Infinity },
    ) {
      const knowledge = known(hours);
      const seesWhole = ({ scope, site }: UsageQuery) =>
        scope.everything !== true &&
        scope.sites.some((name) => name !== 'nowhere' && (site ?? name) === name);
      const isLost = (query: UsageQuery) =>
        (query.grant === undefined &&
          seesWhole(query) &&
          (firstHourNeeded(query.step, hourRange(query)) ?? Infinity) < lost.keptFromHour) ||
        needsLostHours(query, lost.days, knowledge.facts);
      await fc.assert(
        fc.asyncProperty(anyQuestion, fc.integer({ min: 1, max: 40 }), async (query, limit) => {
          const expected = isLost(query) ? HOURS_GONE : answerByHour(query, knowledge);
          const few = Math.max(limit, Math.ceil(expected.length / 4));
          for (const ask of [
            async () => (await ledger.usage(query)).data,
            async () => await allRows(ledger, query),
            async () => await inPages(few, (page) => ledger.usage({ ...query, ...page })),
          ])
            expect(await answered(ask)).toEqual(expected);
        }),
        { numRuns },
      );
    }

    it('from entries, from packed days, and where hours are no longer kept', async () => {
      const { ledger, connection } = await filled();
      const hours = await storedHours(connection);
      await compare(ledger, hours, 15);
      await ledger.maintain({ packAfterDays: 1, hoursKeptDays: 2, gapsKeptDays: 62 });
      const days = await daysWithoutHours(connection);
      expect(days.length).toBeGreaterThan(0);
      await compare(ledger, hours, 15, { days, keptFromHour: Date.UTC(2026, 1) / HOUR });
    });
  });

  it('about coverage adds up the hours of clouds whose projects it sees', async () => {
    const { ledger, connection } = await filled();
    const knowledge = known(await storedHours(connection));
    const stored = await storedCoverage(connection);
    const by = fc.constantFrom([], ['site'] as const, ['site', 'cloud'] as const);
    await fc.assert(
      fc.asyncProperty(anyQuestion, by, async (asked, dimensions) => {
        const query = { ...asked, resource: undefined, by: new Set(dimensions) };
        const rows = await inPages(200, (page) => ledger.coverage({ ...query, ...page }));
        expect(rows.map(({ reached: _reached, ...row }) => row)).toEqual(
          coverageByHour(query, knowledge, stored),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('about projects and sites shows those that it sees, as they were while it saw them', async () => {
    const { ledger, connection } = await filled();
    const { facts } = known(await storedHours(connection));
    const all = await ledger.sites({ scope: EVERYTHING });
    const asked = fc.record({
      scope: anyScope,
      grants: anyGrants,
      site: fc.constantFrom(undefined, undefined, ...SITES, 'nowhere'),
      search: fc.constantFrom(undefined, 'second', 'THIRD', 'p1'),
      limit: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ limit, ...query }) => {
        const { scope, grants, site, search = '' } = query;
        const seen = projectsByReading({ scope, grants }, facts);
        const isFound = (text: string) => text.toLowerCase().includes(search.toLowerCase());
        expect(await inPages(limit, (page) => ledger.projects({ ...query, ...page }))).toEqual(
          seen.filter(
            (one) => (site ?? one.site) === one.site && (isFound(one.projectName) || isFound(one.projectId)),
          ),
        );
        expect(await ledger.sites({ scope, grants })).toEqual(
          all.flatMap((one) =>
            scope.sites.includes(one.name) ? one : (siteByReading({ scope, grants }, one.name, facts) ?? []),
          ),
        );
        const names = new Map(
          seen.map((one) => [`${one.site} ${one.cloud} ${one.projectId}`, one.projectName]),
        );
        const { data } = await ledger.usage({
          ...query,
          limit: 1000,
          fromMs: 0,
          toMs: SCOPED_NOW + HOUR,
          step: 'total',
          by: new Set(['project', 'site', 'cloud']),
        });
        for (const row of data)
          expect(row.projectName).toBe(names.get(`${row.site} ${row.cloud} ${row.projectId}`));
      }),
      { numRuns: 15 },
    );
  });

  it('never has more rows than its estimate', async () => {
    const { ledger, connection } = await filled();
    const database = storeOn(connection);
    await fc.assert(
      fc.asyncProperty(anyQuestion, async (query) => {
        const view = await viewOf(database, query);
        const { rows } = costOf(view.query, await countLedger(database, view), hourRange(query));
        expect((await ledger.usage(query)).data.length).toBeLessThanOrEqual(rows);
      }),
      { numRuns: 15 },
    );
  });
});
