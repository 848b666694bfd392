import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askTable } from '../../src/portal/api/routes/project-usage/ask-table.ts';
import type {
  GrantProject,
  Ledger,
  ScopedQuestion,
  StepUsage,
  UsageQuery,
} from '../../src/portal/ledger/ledger.ts';
import { EVERYTHING } from '../../src/portal/access/rights/scope.ts';
import { meterKey } from '../../src/portal/ledger/accounting/meters/identity.ts';
import { grouped } from '../../src/portal/ledger/grant-links.ts';
import { fits } from '../../src/portal/ledger/names.ts';
import { costOf } from '../../src/portal/ledger/question-cost.ts';
import { HoursGoneError } from '../../src/portal/ledger/question-errors.ts';
import { firstHourNeeded, hourRange } from '../../src/portal/ledger/steps.ts';
import { countLedger } from '../../src/portal/ledger/store/answers/count-ledger.ts';
import { viewOf } from '../../src/portal/ledger/store/answers/view/view.ts';
import { HOUR, inPages, onEveryPostgresql, storeOn, sweep, type FreshLedger } from './fixture.ts';
import {
  answerByHour,
  coverageByHour,
  daysWithoutHours,
  needsLostHours,
  storedCoverage,
  storedHours,
  type Knowledge,
} from './grants-by-hour.ts';
import {
  isSeen,
  placesOf,
  projectsByReading,
  siteByReading,
  type Facts,
  type HourUsage,
  type Place,
  type PlacedReading,
} from './scope-by-hour.ts';
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
    return (await ask()).map(({ unit: _unit, projectName: _name, domainName: _domain, ...row }) => row);
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

/** Whether a question that names the grant sees the project: in the grant at any time, or at the times that it sees. */
function isInGrant({ scope, grants = [] }: ScopedQuestion, grant: string, one: Place, facts: Facts): boolean {
  const its = grants.filter(({ name }) => name === grant);
  const isOne = ({ site, cloud = one.cloud, projectId }: GrantProject) =>
    site === one.site && cloud === one.cloud && projectId === one.projectId;
  if (scope.everything === true || scope.sites.includes(one.site))
    return its.some(({ projects }) => projects.some(isOne));
  const seen = { scope: { sites: [], grants: scope.grants.filter((name) => name === grant) }, grants: its };
  return projectsByReading(seen, facts).some(isOne);
}

/** A reading in the middle between every fifth reading of a meter and the one before, with less usage before it than after. */
function readingsBetween(readings: readonly PlacedReading[]): PlacedReading[] {
  const meters = grouped(readings, ({ site, ...one }) => `${site} ${meterKey(one)}`);
  return [...meters.values()].flatMap((its) =>
    its.flatMap((next, index) => {
      const before = its[index - 1];
      if (before === undefined || index % 5 !== 0) return [];
      const atMs = (before.atMs + next.atMs) / 2;
      return [{ ...before, atMs, total: before.total + (next.total - before.total) / 4n }];
    }),
  );
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
        scope.everything !== true && scope.sites.some((name) => name !== 'nowhere' && fits(site, name));
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
      grant: fc.constantFrom(undefined, undefined, 'g1', 'g2'),
      limit: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ limit, grant, ...query }) => {
        const { scope, grants, site, search = '' } = query;
        const seen = projectsByReading({ scope, grants }, facts);
        const isFound = (text: string) => text.toLowerCase().includes(search.toLowerCase());
        expect(await inPages(limit, (page) => ledger.projects({ ...query, grant, ...page }))).toEqual(
          seen.filter(
            (one) =>
              (site ?? one.site) === one.site &&
              (isFound(one.projectName) || isFound(one.projectId)) &&
              (grant === undefined || isInGrant({ scope, grants }, grant, one, facts)),
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
        const time = { fromMs: 0, toMs: SCOPED_NOW + HOUR };
        const table = await askTable(ledger, { scope, grants, site, ...time }, new AbortController().signal);
        const { found, lines } = await table.part({ sort: 'name', offset: 0, limit: 1000 });
        const ofSite = seen.filter((one) => (site ?? one.site) === one.site);
        const shown = new Set(ofSite.map((one) => `${one.site} ${one.projectId}`));
        expect([found, new Set(lines.map((one) => `${one.site} ${one.projectId}`))]).toEqual([
          shown.size,
          shown,
        ]);
        const used = grouped(data, (row) => `${row.site} ${row.projectId} ${row.resource}`);
        expect(
          new Map(
            lines.flatMap(({ site: at, projectId, amounts }) =>
              [...amounts].map(([resource, amountMs]) => [`${at} ${projectId} ${resource}`, amountMs]),
            ),
          ),
        ).toEqual(
          new Map(
            [...used].map(([key, its]) => [key, its.reduce((sum, { amountMs }) => sum + amountMs, 0n)]),
          ),
        );
        const sumOf = (wanted: string) =>
          lines.reduce((sum, { amounts }) => sum + (amounts.get(wanted) ?? 0n), 0n);
        expect(table.sums.map(({ resource, amountMs }) => [resource, amountMs])).toEqual(
          table.sums.map(({ resource }) => [resource, sumOf(resource)]),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('about corrections shows those of hours that it sees', async () => {
    const { ledger, connection } = await filled();
    const late = readingsBetween(READINGS);
    for (const site of SITES) await ledger.foldLate(site, [sweep(late.filter((one) => one.site === site))]);
    const all = await ledger.corrections({ scope: EVERYTHING, fromMs: 0, toMs: SCOPED_NOW, limit: 10_000 });
    expect(all.data.length).toBeGreaterThan(100);
    const facts = { readings: [...READINGS, ...late], hours: await storedHours(connection) };
    await fc.assert(
      fc.asyncProperty(anyQuestion, async (query) => {
        const { scope, grants, fromMs, toMs, site, projectId } = query;
        const expected = all.data.filter(
          (row) =>
            row.startMs >= fromMs &&
            row.startMs < toMs &&
            fits(site, row.site) &&
            fits(projectId, row.projectId) &&
            isSeen({ scope, grants }, row, row.startMs / HOUR, facts),
        );
        const rows = await inPages(Math.ceil(expected.length / 2) || 1, (page) =>
          ledger.corrections({ scope, grants, fromMs, toMs, site, projectId, ...page }),
        );
        expect(rows).toEqual(expected);
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
