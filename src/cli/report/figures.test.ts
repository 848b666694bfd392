import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CoverageRow, UsageRow } from '../../portal/api/shapes/answers.ts';
import { changeOf, firstReadings, linesOf, notesOn, sumsOf } from './figures.ts';

const START = '2026-04-01T00:00:00.000Z';

function row(project: string, amount: number, more: Partial<UsageRow> = {}): UsageRow {
  return {
    site: 'a',
    project_id: project,
    project_name: `name of ${project}`,
    resource: 'vcpu',
    start: START,
    amount,
    unit: 'vCPU-hours',
    coverage: 'measured',
    ...more,
  };
}

describe('the lines of a report', () => {
  it('have the keys of the answer as text', () => {
    const flavor = { label: 'm1/1/2048/20/0/0/0' } as UsageRow['flavor'];
    expect(linesOf([row('p', 1.5, { grant: null, flavor })], undefined)).toEqual([
      {
        keys: {
          site: 'a',
          project_id: 'p',
          project_name: 'name of p',
          resource: 'vcpu',
          start: START,
          grant: '',
          flavor: 'm1/1/2048/20/0/0/0',
        },
        amount: 1.5,
        before: undefined,
        unit: 'vCPU-hours',
        coverage: 'measured',
      },
    ]);
  });

  it('are compared by ids, over changes of names, and end with usage of the period before only', () => {
    const lines = linesOf(
      [row('p', 3), row('new', 1)],
      [row('p', 2, { project_name: 'earlier', start: '2026-01-01T00:00:00.000Z' }), row('gone', 4)],
    );
    expect(
      lines.map(({ keys, amount, before, coverage }) => [keys['project_id'], amount, before, coverage]),
    ).toEqual([
      ['p', 3, 2, 'measured'],
      ['new', 1, 0, 'measured'],
      ['gone', 0, 4, undefined],
    ]);
    expect(lines.map(changeOf)).toEqual(['+50.0 %', '', '-100.0 %']);
    expect(sumsOf(lines)).toMatchObject([{ keys: { resource: 'vcpu' }, amount: 4, before: 6 }]);
  });

  it('are compared at their own site and cloud, also where the report does not name them', () => {
    const at = (site: string, amount: number) => row('p', amount, { site, cloud: '' });
    const lines = linesOf([at('a', 3), at('b', 5)], [at('a', 2), at('b', 4)], ['site', 'cloud']);
    expect(lines.map(({ amount, before }) => [amount, before])).toEqual([
      [3, 2],
      [5, 4],
    ]);
    expect(Object.keys(lines[0]?.keys ?? {})).toEqual(['project_id', 'project_name', 'resource', 'start']);
  });

  it('add up exactly for each resource', () => {
    const ms = fc.integer({ min: 0, max: 1e12 });
    fc.assert(
      fc.property(fc.array(ms), fc.array(ms), (vcpu, mb) => {
        const rows = [
          ...vcpu.map((amount) => row('p', amount / 3_600_000)),
          ...mb.map((amount) => row('p', amount / 3_600_000, { resource: 'mb', unit: 'MiB-hours' })),
        ];
        const expected = [vcpu, mb].filter((all) => all.length > 0);
        expect(sumsOf(linesOf(rows, undefined)).map(({ amount }) => amount)).toEqual(
          expected.map((all) => all.reduce((sum, one) => sum + one, 0) / 3_600_000),
        );
      }),
    );
  });
});

describe('the notes of a report', () => {
  const covered = (start: string, more: Partial<CoverageRow> = {}): CoverageRow => ({
    site: 'a',
    cloud: '',
    start,
    coverage: 'measured',
    measured_seconds: 86_400,
    spread_seconds: 0,
    reached: true,
    ...more,
  });
  const about = {
    period: { from: '2026-04-01', to: '2026-05-01' },
    today: '2026-05-01',
    timeZone: 'Europe/Berlin',
  };

  it('are none for a period that is known', () => {
    expect(notesOn(about, [covered(START)], [])).toEqual([]);
  });

  it('name days with missing hours in the time zone, and spread hours, for each site and cloud', () => {
    const days = Array.from({ length: 7 }, (_, day) =>
      covered(`2026-04-0${day + 1}T22:00:00.000Z`, { cloud: 'west' }),
    );
    expect(
      notesOn(about, [covered(START, { spread_seconds: 5400 }), covered(START, { cloud: 'west' })], days),
    ).toEqual([
      'a/west: hours are missing on 2026-04-02, 2026-04-03, 2026-04-04, 2026-04-05, 2026-04-06 and 2 more days. Its numbers may grow.',
      'a: 2 hours of usage in 2026-04 are known only as a sum, and are spread over gaps.',
    ]);
  });

  it('say which sites were first read in the period, or in the one that it is compared with', () => {
    const sites = [
      { name: 'a', first_reading_at: '2026-03-31T22:30:00.000Z' },
      { name: 'older', first_reading_at: '2026-02-28T12:00:00.000Z' },
      { name: 'midnight', first_reading_at: '2026-02-28T23:00:00.000Z' },
      { name: 'elsewhere', first_reading_at: '2026-04-02T00:00:00.000Z' },
      { name: 'never', first_reading_at: null },
    ];
    const total = ['a', 'older', 'midnight', 'never'].map((site) => covered(START, { site }));
    const known = [
      { period: about.period, total },
      { period: { from: '2026-03-01', to: '2026-04-01' }, total: [] },
    ];
    const note = 'a: you see readings of it from 2026-04-01 on.';
    expect(firstReadings(sites, known, 'Europe/Berlin')).toEqual([note]);
    expect(firstReadings(sites, known.slice(0, 1), 'Europe/Berlin')).toEqual([note]);
    expect(
      firstReadings(sites, [{ period: { from: '2026-04-02', to: '2026-05-01' }, total }], 'UTC'),
    ).toEqual([]);
  });

  it('say that the period is not over, or that nobody was read', () => {
    expect(notesOn({ ...about, today: '2026-04-30' }, [], [])).toEqual([
      '2026-04 is not over: its last day is 2026-04-30.',
      'No site was read in 2026-04.',
    ]);
  });
});
