import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../prometheus/usage-metrics.ts';
import {
  grantLinks,
  grantsInScope,
  hoursBetween,
  hoursWithin,
  seenLinks,
  splitLinks,
  type GrantLink,
} from './grant-links.ts';
import { EVERYTHING } from '../access/rights/scope.ts';
import type { Grant } from './ledger.ts';
import type { HourRange } from './steps.ts';

const LAST = 30;
const RANGE = { fromHour: 5, toHour: 25 };
const HOURS = Array.from({ length: LAST + 1 }, (_, hour) => hour);
const PROJECTS = [
  { site: 'a', projectId: 'p' },
  { site: 'a', projectId: 'q' },
  { site: 'b', projectId: 'p', cloud: 'west' },
  { site: 'b', projectId: 'p', cloud: 'east' },
];

const ms = (hour: number | undefined) => (hour === undefined ? undefined : hour * MS_PER_HOUR);
const isIn = (hour: number, { fromHour, toHour }: HourRange) => hour >= fromHour && hour < toHour;
const hoursIn = (parts: readonly HourRange[]) =>
  HOURS.filter((hour) => parts.some((part) => isIn(hour, part)));

/** The grants of a project over time: each hour of a change begins a window, also in the grant that it was in. */
const anyHistory = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: LAST }), fc.constantFrom(undefined, 'one', 'other')), {
    maxLength: 5,
    selector: ([hour]) => hour,
  })
  .map((changes) => changes.toSorted(([one], [other]) => one - other))
  .chain((changes) => fc.tuple(fc.constantFrom(undefined, 'one'), fc.constant(changes), fc.boolean()))
  .map(([first, changes, isOpen]) =>
    [[undefined, first] as const, ...changes].map(([fromHour, grant], index) => ({
      grant,
      fromHour,
      toHour: changes[index]?.[0] ?? (isOpen ? undefined : LAST + 1),
    })),
  );
type History = typeof anyHistory extends fc.Arbitrary<infer T> ? T : never;
const anyHistories = fc.tuple(anyHistory, anyHistory, anyHistory, anyHistory);

function grantsOf(histories: readonly History[]): Grant[] {
  return ['one', 'other'].map((name) => ({
    name,
    projects: PROJECTS.flatMap((project, index) =>
      (histories[index] ?? [])
        .filter(({ grant }) => grant === name)
        .map(({ fromHour, toHour }) => ({ ...project, fromMs: ms(fromHour), toMs: ms(toHour) })),
    ),
  }));
}

const identity = ({ grant, site, cloud, projectId }: GrantLink) =>
  JSON.stringify([grant, site, cloud, projectId]);

describe('the links of a question', () => {
  it('cover each hour of the range in which a project is in a grant, in as few pieces as there can be', () => {
    fc.assert(
      fc.property(anyHistories, (histories) => {
        const grants = grantsOf(histories);
        const links = grantLinks({ scope: EVERYTHING, by: new Set(['grant']), grants }, RANGE);
        for (const [index, project] of PROJECTS.entries())
          for (const grant of ['one', 'other']) {
            const its = links.filter(
              (link) => identity(link) === identity({ ...RANGE, cloud: undefined, ...project, grant }),
            );
            const expected = HOURS.filter((hour) => isIn(hour, RANGE)).filter((hour) =>
              (histories[index] ?? []).some(
                (one) =>
                  one.grant === grant &&
                  isIn(hour, { fromHour: one.fromHour ?? -Infinity, toHour: one.toHour ?? Infinity }),
              ),
            );
            expect(hoursIn(its)).toEqual(expected);
            const pieces = expected.filter((hour) => !expected.includes(hour - 1)).length;
            expect(its).toHaveLength(pieces);
          }
      }),
    );
  });

  const grants: Grant[] = [
    { name: 'one', projects: PROJECTS },
    { name: 'other', projects: [{ site: 'a', projectId: 'r' }] },
  ];
  const shown = (links: readonly GrantLink[]) =>
    links.map(({ grant, site, projectId }) => [grant, site, projectId]);

  it('are those of the grant, site and project that it names', () => {
    const links = (question: object) =>
      shown(grantLinks({ scope: EVERYTHING, by: new Set(['grant']), grants, ...question }, RANGE));
    expect(links({ grant: 'other' })).toEqual([['other', 'a', 'r']]);
    expect(links({ site: 'a' })).toEqual([
      ['one', 'a', 'p'],
      ['one', 'a', 'q'],
      ['other', 'a', 'r'],
    ]);
    expect(links({ site: 'b', projectId: 'p' })).toHaveLength(2);
    expect(links({ projectId: 'q' })).toEqual([['one', 'a', 'q']]);
  });

  it('are none if it does not ask for grants', () => {
    expect(grantLinks({ scope: EVERYTHING, by: new Set(['site']), grants }, RANGE)).toEqual([]);
    expect(
      grantLinks({ scope: EVERYTHING, by: new Set(['site']), grants, grant: 'other' }, RANGE),
    ).toHaveLength(1);
  });

  it('are whole if they last through the range, or else partial', () => {
    const link = (fromHour: number, toHour: number) => ({
      grant: 'one',
      site: 'a',
      cloud: undefined,
      projectId: 'p',
      fromHour,
      toHour,
    });
    const [whole, late, early] = [link(5, 25), link(6, 25), link(5, 24)];
    expect(splitLinks([whole, late, early], RANGE)).toEqual({ whole: [whole], partial: [late, early] });
  });
});

describe('the links of a scope', () => {
  const scopes = fc.record({
    sites: fc.subarray(['a', 'b', 'unknown']),
    grants: fc.subarray(['one', 'other', 'unknown']),
  });
  const bys = fc.subarray(['grant', 'site'] as const).map((by) => new Set(by));

  it('cover the hours of its grants at sites that it has not as a whole, and none at the others', () => {
    fc.assert(
      fc.property(anyHistories, scopes, bys, (histories, scope, by) => {
        const links = seenLinks({ scope, by, grants: grantsOf(histories) }, RANGE);
        for (const [index, { site, projectId, cloud }] of PROJECTS.entries()) {
          const its = links.filter(
            (link) => link.site === site && link.projectId === projectId && link.cloud === cloud,
          );
          const isSeen = (hour: number) =>
            !scope.sites.includes(site) &&
            isIn(hour, RANGE) &&
            (histories[index] ?? []).some(
              ({ grant = '', fromHour = -Infinity, toHour = Infinity }) =>
                scope.grants.includes(grant) && isIn(hour, { fromHour, toHour }),
            );
          expect(hoursIn(its)).toEqual(HOURS.filter(isSeen));
          if (by.has('grant')) continue;
          expect(its).toHaveLength(HOURS.filter((hour) => isSeen(hour) && !isSeen(hour - 1)).length);
        }
      }),
    );
  });

  it('divide what it sees of whole sites only', () => {
    fc.assert(
      fc.property(anyHistories, scopes, (histories, scope) => {
        const question = { by: new Set(['grant'] as const), grants: grantsOf(histories) };
        expect(grantLinks({ ...question, scope }, RANGE)).toEqual(
          grantLinks({ ...question, scope: EVERYTHING }, RANGE).filter(({ site }) =>
            scope.sites.includes(site),
          ),
        );
      }),
    );
  });

  it('come from the same grants that the answer shows', () => {
    const grants = grantsOf([[], [], [], []]).map(({ name }) => ({
      name,
      projects: name === 'one' ? PROJECTS : [{ site: 'b', projectId: 'r' }],
    }));
    const shown = (sites: string[], ofGrants: string[]) =>
      grantsInScope({ scope: { sites, grants: ofGrants }, grants }).map(({ name, projects }) => [
        name,
        projects.length,
      ]);
    expect(shown([], [])).toEqual([]);
    expect(shown([], ['other'])).toEqual([['other', 1]]);
    expect(shown(['a'], [])).toEqual([['one', 2]]);
    expect(shown(['a'], ['other'])).toEqual([
      ['one', 2],
      ['other', 1],
    ]);
    expect(grantsInScope({ scope: EVERYTHING, grants })).toBe(grants);
  });

  it('are none for everything', () => {
    const grants = [{ name: 'one', projects: PROJECTS }];
    expect(seenLinks({ scope: EVERYTHING, by: new Set(['grant']), grants }, RANGE)).toEqual([]);
  });
});

describe('hours of a range', () => {
  const anyRange = fc
    .tuple(fc.integer({ min: RANGE.fromHour, max: RANGE.toHour - 1 }), fc.integer({ min: 1, max: 8 }))
    .map(([fromHour, length]) => ({ fromHour, toHour: Math.min(fromHour + length, RANGE.toHour) }));

  it('are within parts or between them, in order and without overlaps', () => {
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 6 }), (parts) => {
        const ofRange = HOURS.filter((hour) => isIn(hour, RANGE));
        const [within, between] = [hoursWithin(RANGE, parts), hoursBetween(RANGE, parts)];
        const covered = hoursIn(parts);
        expect(hoursIn(within)).toEqual(ofRange.filter((hour) => covered.includes(hour)));
        expect(hoursIn(between)).toEqual(ofRange.filter((hour) => !covered.includes(hour)));
        for (const pieces of [within, between])
          for (const [index, piece] of pieces.entries()) {
            expect(piece.fromHour).toBeLessThan(piece.toHour);
            expect(piece.fromHour).toBeGreaterThan(pieces[index - 1]?.toHour ?? -1);
          }
      }),
    );
  });
});
