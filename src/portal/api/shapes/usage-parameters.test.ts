import { EVERYTHING } from '../../access/rights/scope.ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MS_PER_HOUR } from '../../../prometheus/usage-metrics.ts';
import { stepsBetween, stepStarts, piecesOf } from '../../ledger/steps.ts';
import { usageParameters, usageQuery } from './usage-parameters.ts';

const SMALL = 'm1.small/1/2048/20/0/0/0';
const NOW = Date.UTC(2026, 1, 10, 13, 37);

function query(parameters: Record<string, string | string[]>) {
  const { fromMs, toMs, by, ...others } = usageQuery(usageParameters.parse(parameters), NOW, {
    scope: EVERYTHING,
    grants: [],
  });
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), by: [...by], ...others };
}

function refusal(parameters: Record<string, string | string[]>): string {
  const parsed = usageParameters.safeParse(parameters);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.')}: ${issue?.message}`;
  }
  try {
    usageQuery(parsed.data, NOW, { scope: EVERYTHING, grants: [] });
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('the period of a question for usage', () => {
  it('is the present month up to the end of the present hour, with all dimensions, by default', () => {
    expect(query({})).toEqual({
      scope: EVERYTHING,
      grants: [],
      from: '2026-02-01T00:00:00.000Z',
      to: '2026-02-10T14:00:00.000Z',
      by: ['site', 'project', 'resource'],
      step: 'total',
      site: undefined,
      projectId: undefined,
      resource: undefined,
      limit: 1000,
      cursor: undefined,
    });
  });

  it('starts with the month of its end if only the end is set', () => {
    expect(query({ to: '2026-02-01' }).from).toBe('2026-01-01T00:00:00.000Z');
  });

  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T10:00', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31T10:00:00.123+02:00', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T10:00 02:00', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T10:59:59Z', '2026-01-31T10:00:00.000Z'],
  ])('reads %s as %s', (from, instant) => {
    expect(query({ from }).from).toBe(instant);
  });

  it('rounds both ends down to the hour, so that adjacent periods share no hour', () => {
    const first = query({ from: '2026-01-01', to: '2026-01-05T10:30Z' });
    const second = query({ from: '2026-01-05T10:30Z', to: '2026-01-09' });
    expect(first.to).toBe(second.from);
  });
});

describe('the period of a question in a time zone', () => {
  const tz = 'Europe/Berlin';
  const ends = (parameters: Record<string, string>) => {
    const { from, to } = query({ tz, ...parameters });
    return [from, to].map((time) => time.slice(0, 13));
  };

  it('has local midnights and local times, and its default is the present local month', () => {
    expect(ends({ from: '2026-03-29', to: '2026-03-30' })).toEqual(['2026-03-28T23', '2026-03-29T22']);
    expect(ends({ from: '2026-01-31T10:59', to: '2026-07-01T10:00Z' })).toEqual([
      '2026-01-31T09',
      '2026-07-01T10',
    ]);
    expect(ends({})).toEqual(['2026-01-31T23', '2026-02-10T14']);
  });

  it('takes the hour after a local time that is left out, and the first of one that comes twice', () => {
    expect(ends({ from: '2026-03-29T02:30', to: '2026-10-25T02:30' })).toEqual([
      '2026-03-29T01',
      '2026-10-25T00',
    ]);
  });

  it('has no zone of its own where all offsets are 0', () => {
    expect(query({ tz: 'UTC', step: 'day' }).zone).toBeUndefined();
    expect(query({ tz, step: 'day' }).zone?.map(({ hours }) => hours)).toEqual([1]);
  });

  it.each([
    ['Europe/Bielefeld', "tz: there is no time zone 'Europe/Bielefeld'; names are such as Europe/Berlin"],
    [
      'Asia/Kolkata',
      "tz: the time of 'Asia/Kolkata' is not whole hours from UTC in this period, and usage is kept by whole hours of UTC",
    ],
  ])('is refused in %s', (name, line) => {
    expect(refusal({ tz: name })).toBe(line);
  });

  it('has at most ten years', () => {
    expect(refusal({ tz, from: '2010-01-01', to: '2026-01-01' })).toBe(
      'tz: a period in a time zone may have ten years; ask for less, or without tz',
    );
  });
});

describe('a question for usage', () => {
  it('has its dimensions and filters', () => {
    expect(
      query({
        by: 'site, project',
        resource: 'vcpu',
        site: 'a',
        project: 'p',
        step: 'day',
        limit: '7',
        cursor: 'c',
      }),
    ).toMatchObject({
      by: ['site', 'project'],
      resource: 'vcpu',
      site: 'a',
      projectId: 'p',
      step: 'day',
      limit: 7,
      cursor: 'c',
    });
  });

  it('may have no dimension if it has one resource', () => {
    expect(query({ by: '', resource: 'vcpu' }).by).toEqual([]);
  });

  it.each([
    { by: 'flavor' },
    { by: 'site,state' },
    { flavor: SMALL },
    { state: 'shelved' },
    { by: 'flavor,state', resource: 'server' },
  ])('asks for server hours if it is about flavors or states: %j', (parameters) => {
    expect(query(parameters).resource).toBe('server');
  });

  it('has the filters of servers', () => {
    const gpus = 'a/b c/8/65536/80/?/?/a100=2,h100=1';
    expect(query({ flavor: gpus, state: 'soft-delete' })).toMatchObject({
      by: ['site', 'project', 'resource'],
      flavor: gpus,
      state: 'soft-delete',
    });
    expect(query({ flavor: '', state: '' }).resource).toBeUndefined();
  });

  it('takes several names for a filter, each once, and none of the empty ones', () => {
    expect(query({ site: ['a', 'b', 'a'], project: ['', 'p,1'], grant: [''] })).toMatchObject({
      site: ['a', 'b'],
      projectId: 'p,1',
      grant: undefined,
    });
  });

  const SERVER_ONLY =
    "resource: only 'server' has flavors and states; leave resource out, or leave out flavor and state";
  const NO_UNIT =
    "by: amounts of several resources have no common unit; add 'resource' to by, or set resource";

  it.each([{ by: 'flavor' }, { by: 'resource,state' }, { flavor: SMALL }, { state: 'active' }])(
    'is refused if it is about flavors or states of another resource: %j',
    (parameters) => {
      expect(refusal({ ...parameters, resource: 'vcpu' })).toBe(SERVER_ONLY);
    },
  );

  it.each([
    [{ by: 'site' }, NO_UNIT],
    [
      { by: 'sites' },
      'by: must be some of institution, account, grant, site, cloud, domain, project, resource, flavor, state, with commas between them',
    ],
    [{ from: 'yesterday' }, 'from: must be a date or date-time, such as 2026-01-31 or 2026-01-31T13:00Z'],
    [{ from: '2026-02-31' }, 'from: must be a date or date-time, such as 2026-01-31 or 2026-01-31T13:00Z'],
    [
      { from: '2026-01-02', to: '2026-01-01' },
      'to: 2026-01-01T00:00:00.000Z is before from, 2026-01-02T00:00:00.000Z',
    ],
    [
      { from: '2026-01-02T10:05Z', to: '2026-01-02T10:50Z' },
      'to: from and to lie in the same hour, 2026-01-02T10:00:00.000Z; usage is kept by whole hours',
    ],
    [{ from: '0001-01-01' }, 'from: must be in the years 1970 to 2199'],
    [{ from: '2026-01-01', to: '9999-12-31' }, 'to: must be in the years 1970 to 2199'],
    [{ flavor: 'm1.small' }, 'flavor: must be the label of a flavor, such as m1.small/1/2048/20/0/0/0'],
    [{ flavor: `${'n'.repeat(1024)}/1/1/1/0/0/0` }, 'flavor: is longer than 1024 characters'],
    [{ resource: ['vcpu', 'server'], state: 'active' }, SERVER_ONLY],
    [{ step: 'week' }, 'step: must be hour, day, month, quarter, year or total'],
    [{ format: 'xlsx' }, 'format: must be json or csv'],
    [{ limit: '0' }, 'limit: must be a number from 1 to 50000'],
    [{ limit: '50001' }, 'limit: must be a number from 1 to 50000'],
    [{ project: 'a\0b' }, 'project: holds a NUL character'],
    [{ resource: ['vcpu', 'mb'], by: 'site' }, NO_UNIT],
    [{ site: ['a', 'b\0'] }, 'site.1: holds a NUL character'],
    [{ form: '2026-01-01' }, ": unknown parameter 'form'; did you mean 'from'?"],
  ])('is refused with one line that names the parameter: %j', (parameters, line) => {
    expect(refusal(parameters)).toBe(line);
  });
});

describe('a question of any text', () => {
  const year = fc.constantFrom(
    '0000',
    '0001',
    '1969',
    '1970',
    '2026',
    '2199',
    '2200',
    '9999',
    '-271821',
    '+275760',
  );
  const time = fc
    .tuple(
      year,
      fc.constantFrom('-01-01', '-12-31', '-02-30', '-12-31T23:59:59.999999999-23:59', '-01-01T00:00+23:59'),
    )
    .map((parts) => parts.join(''));
  const long = fc
    .tuple(
      fc.constantFrom(',', 'site,', 'a', '9', '0', ' ', '\0', '\ud800', '😀', '%'),
      fc.integer({ min: 0, max: 4_000 }),
    )
    .map(([piece, times]) => piece.repeat(times));
  const text = fc.oneof(
    time,
    long,
    fc.string({ unit: 'binary' }),
    fc.constantFrom('month', 'total', 'Europe/Berlin', 'server', 'csv', 'f/1/2048/20/0/0/?', 'flavor,state'),
  );
  const names = fc.constantFrom(
    'from',
    'to',
    'step',
    'tz',
    'by',
    'site',
    'project',
    'resource',
    'flavor',
    'state',
    'limit',
    'cursor',
    'format',
    'x',
  );

  it('costs no more than its length or a bounded number of months, and its refusal is a line of bounded length', () => {
    fc.assert(
      fc.property(fc.dictionary(names, text, { maxKeys: 5 }), (parameters) => {
        const written = Object.values(parameters).join('').length;
        const parsed = usageParameters.safeParse({ resource: 'server', ...parameters });
        const issues = parsed.success ? [] : parsed.error.issues;
        expect(issues.length).toBeLessThanOrEqual(12);
        expect(Math.max(0, ...issues.map(({ message }) => message.length))).toBeLessThan(300 + written);
        if (!parsed.success) return;
        const {
          from: { atMs: from } = { atMs: 0 },
          to: { atMs: to } = { atMs: from + MS_PER_HOUR },
          by,
          site,
          project,
          flavor,
          state,
          cursor,
          limit,
        } = parsed.data;
        const range = { fromHour: from / MS_PER_HOUR, toHour: to / MS_PER_HOUR };
        expect(stepsBetween('month', range)).toBeLessThanOrEqual(230 * 12);
        expect(stepStarts('month', range).length).toBeLessThanOrEqual(230 * 12);
        expect(piecesOf(parsed.data.step, range).length).toBeLessThanOrEqual(5);
        expect(by.size).toBeLessThanOrEqual(7);
        expect(limit).toBeLessThanOrEqual(50_000);
        for (const kept of [site, project, state, cursor].flat())
          expect(Array.from(kept ?? '').length).toBeLessThanOrEqual(512);
        expect((flavor ?? '').length).toBeLessThanOrEqual(1024);
      }),
      { numRuns: 100, examples: [[{ from: '1970-01-01', to: '2200-01-01', step: 'month' }]] },
    );
  });
});
