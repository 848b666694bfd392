import { EVERYTHING } from '../access/rights/scope.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CoverageQuery, Ledger, StepCoverage, StepUsage, UsageQuery } from '../ledger/ledger.ts';
import { grantBalances } from './grant-balances.ts';
import type { Allowance, PresentGrant } from './grants/grant.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Histories start here and reach the present, in the middle of a day. */
const START = Date.UTC(2026, 4, 20);
const HOURS = 10 * 24 + 13;
const NOW = START + HOURS * HOUR - 20 * 60_000;
const MIDNIGHT = START + 10 * DAY;
const SITES = ['a', 'b'] as const;
const hourAt = (index: number) => START + index * HOUR;

/** A project at a site: its usage of each hour repeats a pattern, so that a history stays small. */
interface ModelProject {
  site: (typeof SITES)[number];
  id: string;
  /** Amount × milliseconds. */
  pattern: readonly number[];
  /** Its time in the grant, in hours from the start. */
  from: number | undefined;
  to: number | undefined;
}

interface History {
  projects: readonly ModelProject[];
  /** The first and the last reading of each site, in hours from the start. */
  readings: Readonly<Record<(typeof SITES)[number], { first: number; last: number }>>;
  allowances: readonly { hours: number; kind: Allowance['kind']; at: number }[];
  from: number | undefined;
  to: number | undefined;
}

const hourOf = (max: number) => fc.integer({ min: 0, max });
const ends = (max: number) => ({
  from: fc.option(hourOf(120), { nil: undefined }),
  to: fc.option(fc.integer({ min: 121, max }), { nil: undefined }),
});
const readings = fc.record({ first: hourOf(100), last: fc.integer({ min: 101, max: HOURS }) });
const histories: fc.Arbitrary<History> = fc.record({
  projects: fc.array(
    fc.record({
      site: fc.constantFrom(...SITES),
      id: fc.constantFrom('p', 'q', 'r'),
      pattern: fc.array(fc.integer({ min: 0, max: 5 * HOUR }), { minLength: 1, maxLength: 5 }),
      ...ends(HOURS),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  readings: fc.record({ a: readings, b: readings }),
  allowances: fc.array(
    fc.record({
      hours: fc.integer({ min: 1, max: 4_000_000 }).map((thousandths) => thousandths / 1000),
      kind: fc.constantFrom('initial', 'top-up', 'cut'),
      // Several are often at the same instant.
      at: fc.oneof(fc.integer({ min: 0, max: HOURS + 200 }), fc.constantFrom(100, HOURS + 2, HOURS + 90)),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  ...ends(HOURS + 1000),
});

const isRead = ({ first, last }: { first: number; last: number }, hour: number) =>
  hour >= first && hour < last;

/** The usage of a project in an hour, wherever it is in the ledger: readings spread nothing here. */
function usedIn(history: History, project: ModelProject, hour: number): number {
  const { site, pattern } = project;
  return isRead(history.readings[site], hour) ? (pattern[hour % pattern.length] ?? 0) : 0;
}

function grantOf({ projects, allowances, from, to }: History): PresentGrant {
  const later = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
  const earlier = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
  const instant = (hour: number | undefined) => (hour === undefined ? undefined : hourAt(hour));
  return {
    name: 'climate',
    title: undefined,
    account: undefined,
    fromMs: instant(from),
    toMs: instant(to),
    projects: projects.map((project, index) => ({
      site: project.site,
      projectId: `${project.id}${index}`,
      fromMs: instant(later(project.from, from)),
      toMs: instant(earlier(project.to, to)),
    })),
    people: [],
    labels: {},
    allowances: allowances.map(({ hours, kind, at }) => ({
      resource: 'vcpu',
      amount: String(hours),
      kind,
      atMs: hourAt(at),
      reason: 'call 7',
      author: 'ada',
      writtenMs: NOW,
    })),
    version: 1,
    changedMs: NOW,
    author: 'ada',
  };
}

/** A ledger that answers from the history: sums of whole ranges, with the windows of the asked grants. */
function ledgerOf(history: History): Pick<Ledger, 'usage' | 'coverage'> {
  return {
    usage: async ({ fromMs, toMs, by, grants = [] }: UsageQuery) => {
      const rows = new Map<string, StepUsage>();
      for (const grant of grants)
        for (const [
          index,
          { site, fromMs: joinedMs = 0, toMs: leftMs = Infinity },
        ] of grant.projects.entries()) {
          const project = history.projects[index];
          if (project === undefined) throw new Error('the grant has another project');
          const sum = sumBetween(history, project, Math.max(fromMs, joinedMs), Math.min(toMs, leftMs));
          const key = by.has('site') ? site : '';
          const before = rows.get(key)?.amountMs ?? 0n;
          rows.set(key, {
            grant: grant.name,
            ...(by.has('site') ? { site, cloud: '' } : {}),
            resource: 'vcpu',
            startMs: fromMs,
            amountMs: before + BigInt(sum),
            amount: NaN,
            unit: 'vCPU-hours',
            coverage: 'measured',
          });
        }
      return { data: [...rows.values()], next: null };
    },
    coverage: async ({ fromMs, toMs }: CoverageQuery) => ({
      data: SITES.flatMap((site) => hoursOfSite(site, history, fromMs, toMs)),
      next: null,
    }),
  };
}

function sumBetween(history: History, project: ModelProject, fromMs: number, toMs: number): number {
  const first = Math.max(0, (fromMs - START) / HOUR);
  const last = Math.min(HOURS, (toMs - START) / HOUR);
  return Array.from({ length: Math.max(0, last - first) }, (_, index) =>
    usedIn(history, project, first + index),
  ).reduce((sum, amountMs) => sum + amountMs, 0);
}

function hoursOfSite(
  site: (typeof SITES)[number],
  { readings: { [site]: read } }: History,
  fromMs: number,
  toMs: number,
): StepCoverage[] {
  const first = Math.max(read.first, (fromMs - START) / HOUR);
  const length = Math.max(0, (toMs - START) / HOUR - first);
  return Array.from({ length }, (_, index) => {
    const known = isRead(read, first + index);
    return {
      site,
      cloud: '',
      startMs: hourAt(first + index),
      coverage: known ? 'measured' : 'missing',
      measuredMs: known ? HOUR : 0,
      spreadMs: 0,
      reached: known,
    };
  });
}

/** The balance, hour by hour from the start to the present, and on at the rate until it is gone. Amounts are in thousandths. */
function oracle(history: History) {
  const grant = grantOf(history);
  let used = 0;
  for (let hour = 0; hour < HOURS; hour += 1)
    for (const [index, project] of history.projects.entries())
      if (isMember(grant, index, hour)) used += usedIn(history, project, hour);
  const signOf = (kind: Allowance['kind']) => (kind === 'cut' ? -1 : 1);
  const thousandths = (from: number, to: number) =>
    history.allowances
      .filter(({ at }) => hourAt(at) > from && hourAt(at) <= to)
      .reduce((sum, { hours, kind }) => sum + signOf(kind) * Math.round(hours * 1000), 0);
  return {
    used: used / HOUR,
    granted: thousandths(-Infinity, NOW) / 1000,
    left: (thousandths(-Infinity, NOW) * 3600 - used) / HOUR,
    between: (from: number, to: number) => thousandths(from, to) / 1000,
    ...rateOf(history, grant),
  };
}

function isMember({ projects }: PresentGrant, index: number, hour: number): boolean {
  const { fromMs = 0, toMs = Infinity } = projects[index] ?? { toMs: 0 };
  return hourAt(hour) >= fromMs && hourAt(hour) < toMs;
}

/** Usage in an hour: at each site its usage of the known hours since a project joined, by their number. */
function rateOf(history: History, grant: PresentGrant) {
  let rate = 0;
  const missing = new Set<number>();
  const known = new Set<number>();
  for (const site of SITES) {
    const members = grant.projects
      .map((_, index) => index)
      .filter((index) => history.projects[index]?.site === site);
    let [hours, used, joined] = [0, 0, false];
    for (let hour = 0; hourAt(hour) < MIDNIGHT; hour += 1) {
      joined ||= members.some((index) => hourAt(hour) >= (grant.projects[index]?.fromMs ?? 0));
      for (const index of members) {
        const project = history.projects[index];
        if (project !== undefined && isMember(grant, index, hour)) used += usedIn(history, project, hour);
      }
      if (!joined || hour < history.readings[site].first) continue;
      known.add(hour);
      if (isRead(history.readings[site], hour)) hours += 1;
      else missing.add(hour);
    }
    if (hours > 0) rate += used / hours / HOUR;
  }
  let [days, complete] = [0, 0];
  for (let day = 0; day < 10; day += 1) {
    const ofDay = Array.from({ length: 24 }, (_, hour) => day * 24 + hour);
    if (!ofDay.every((hour) => known.has(hour))) continue;
    days += 1;
    if (ofDay.every((hour) => !missing.has(hour))) complete += 1;
  }
  return { rate, days, complete, missingHours: missing.size };
}

describe('balances of a grant', () => {
  it('equal those that go hour by hour over any history of members, amendments and readings', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const [balance] =
          (
            await grantBalances(ledgerOf(history), { scope: EVERYTHING, grants: [grantOf(history)] }, NOW)
          ).balances.get('climate') ?? [];
        const truth = oracle(history);
        expect(balance).toMatchObject({
          granted: truth.granted,
          used: truth.used,
          left: truth.left,
          days: truth.days,
          missingHours: truth.missingHours,
        });
        const rate = truth.complete < 3 ? null : truth.rate * 24;
        expect([balance?.ratePerDay === null, balance?.ratePerDay ?? 0]).toEqual([
          rate === null,
          expect.closeTo(rate ?? 0, 6),
        ]);
      }),
      { numRuns: 300 },
    );
  });

  it('run out on the day of the hour in which nothing is left', async () => {
    let dated = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const grant = grantOf(history);
        const [balance] =
          (await grantBalances(ledgerOf(history), { scope: EVERYTHING, grants: [grant] }, NOW)).balances.get(
            'climate',
          ) ?? [];
        if (balance?.runsOutOn === null || balance === undefined) return;
        dated += 1;
        const { rate, between, left: leftNow } = oracle(history);
        let [left, atMs] = [leftNow, NOW];
        // The hour before the present one is not over: steps go to the next whole hour first.
        for (let nextMs = NOW + 20 * 60_000; left > 1e-9 && atMs < NOW + 400 * DAY; nextMs += HOUR) {
          const [hours, amended] = [(nextMs - atMs) / HOUR, between(atMs, nextMs)];
          const atAmendment = left - rate * hours;
          left = atAmendment > 1e-9 ? atAmendment + amended : atAmendment;
          atMs = nextMs;
        }
        if (left > 1e-9) return;
        const dates = [atMs - HOUR, atMs].map((ms) => new Date(ms).toISOString().slice(0, 10));
        expect(dates).toContain(balance.runsOutOn);
        expect(atMs - HOUR < (grant.toMs ?? Infinity)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(dated).toBeGreaterThan(0);
  });
});
