import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OVERVIEW, parseRoute, routeAddress } from './routing.ts';

const period = fc.constantFrom('24h' as const, '7d' as const, '30d' as const);
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
    const step = fc.constantFrom('hour' as const, 'day' as const);
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

  it('reads back as the same route to a grant, for any name', () => {
    const step = fc.constantFrom('hour' as const, 'day' as const);
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

  it('keeps the slash of a pool project’s part in the id', () => {
    const address = routeAddress({
      page: 'project',
      site: 'a',
      projectId: 'pool/part',
      period: '24h',
      tablePage: 1,
    });
    expect(address).toBe('#/projects/a/pool%2Fpart');
  });

  it.each(['', '#', '#/'])('without a path is the overview: "%s"', (hash) => {
    expect(parseRoute(hash)).toEqual(OVERVIEW);
  });

  it('with invalid parameters is the same as without them', () => {
    expect(parseRoute('#/?range=1000y&page=-3')).toEqual(OVERVIEW);
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
