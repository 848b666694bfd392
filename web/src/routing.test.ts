import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GROUP_KINDS, OVERVIEW, parseRoute, routeAddress } from './routing.ts';

const period = fc.record({
  range: fc.constantFrom('24h', '30d', 'last-quarter', '2026-Q2', '2026', '2026-04-01..2026-06-15'),
  zone: fc.constantFrom('UTC', 'Europe/Berlin'),
  compare: fc.constantFrom('none' as const, 'before' as const, 'year' as const),
});
const tablePage = fc.integer({ min: 1, max: 10_000 });
const text = fc.string({ unit: 'grapheme', minLength: 1 });

describe('an address', () => {
  it('reads back as the same route to the overview', () => {
    const route = fc.record(
      {
        page: fc.constant('overview' as const),
        period,
        search: fc.oneof(fc.constant(''), text),
        tablePage,
        resource: text,
        sort: text,
      },
      { requiredKeys: ['page', 'period', 'search', 'tablePage'] },
    );
    fc.assert(
      fc.property(route, (value) => {
        expect(parseRoute(routeAddress(value))).toEqual(value);
      }),
    );
  });

  it('reads back as the same route to a project, for any id', () => {
    const step = fc.constantFrom('hour' as const, 'day' as const, 'month' as const);
    const route = fc.record(
      { page: fc.constant('project' as const), site: text, projectId: text, period, tablePage, step },
      { requiredKeys: ['page', 'site', 'projectId', 'period', 'tablePage'] },
    );
    fc.assert(
      fc.property(route, (value) => {
        expect(parseRoute(routeAddress(value))).toEqual(value);
      }),
    );
  });

  it('reads back as the same route to a site, for any name', () => {
    fc.assert(
      fc.property(text, (name) => {
        expect(parseRoute(routeAddress({ page: 'site', name }))).toEqual({ page: 'site', name });
      }),
    );
    expect(parseRoute(routeAddress({ page: 'quality' }))).toEqual({ page: 'quality' });
  });

  it('reads back as the same route to a grant, for any name', () => {
    const step = fc.constantFrom('hour' as const, 'day' as const, 'month' as const);
    const route = fc.record(
      { page: fc.constant('grant' as const), name: text, period, tablePage, step },
      { requiredKeys: ['page', 'name', 'period', 'tablePage'] },
    );
    fc.assert(
      fc.property(route, (value) => {
        expect(parseRoute(routeAddress(value))).toEqual(value);
      }),
    );
  });

  it('reads back as the same route to the totals', () => {
    const by = fc.constantFrom(...GROUP_KINDS);
    const route = fc.record(
      { page: fc.constant('totals' as const), period, by, resource: text },
      { requiredKeys: ['page', 'period', 'by'] },
    );
    fc.assert(
      fc.property(route, (value) => {
        expect(parseRoute(routeAddress(value))).toEqual(value);
      }),
    );
  });

  it('reads back as the same route to the price books', () => {
    const version = fc.integer({ min: 1, max: 300 });
    const route = fc.record(
      { page: fc.constant('prices' as const), name: text, period, grant: fc.string(), version },
      { requiredKeys: ['page', 'period'] },
    );
    fc.assert(
      fc.property(route, (value) => {
        expect(parseRoute(routeAddress(value))).toEqual(value);
      }),
    );
  });

  it('keeps the slash of a pool project’s part in the id', () => {
    const address = routeAddress({
      page: 'project',
      site: 'a',
      projectId: 'pool/part',
      period: OVERVIEW.period,
      tablePage: 1,
    });
    expect(address).toBe('#/projects/a/pool%2Fpart');
  });

  it.each(['', '#', '#/'])('without a path is the overview: "%s"', (hash) => {
    expect(parseRoute(hash)).toEqual(OVERVIEW);
  });

  it('with invalid parameters is the same as without them', () => {
    expect(parseRoute('#/?range=1000y&tz=Nowhere&compare=all&page=-3')).toEqual(OVERVIEW);
  });

  it.each(['#/projects/a', '#/grants', '#/grants/a/b', '#/projects/a/b/c', '#/elsewhere'])(
    'without a page is unknown: %s',
    (hash) => {
      expect(parseRoute(hash)).toEqual({ page: 'unknown', address: hash });
    },
  );

  it('keeps a broken escape as it is', () => {
    expect(parseRoute('#/projects/a/%E0%A4')).toMatchObject({ page: 'project', projectId: '%E0%A4' });
  });
});
