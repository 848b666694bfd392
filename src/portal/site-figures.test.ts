import { expect, it, vi } from 'vitest';
import { silentLogger } from '../runtime/logger.ts';
import type { CoverageShares, SiteDeclaration, SiteStatus } from './ledger/ledger.ts';
import { countFold, createPortalMetrics } from './metrics.ts';
import { SiteFigures } from './site-figures.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 31, 12, 30);

function status(name: string, more: Partial<SiteStatus> = {}): SiteStatus {
  return {
    name,
    labels: {},
    firstReadingMs: undefined,
    lastReadingMs: undefined,
    clouds: [],
    lastSweepMs: undefined,
    lastSuccessMs: undefined,
    lastError: undefined,
    declared: true,
    ordinaryPauseMs: 900_000,
    projects: 0,
    meters: 0,
    refusedSeries: 0,
    anomalies: 0,
    ...more,
  };
}

const READ = status('read', {
  firstReadingMs: 0,
  lastReadingMs: 60_000,
  clouds: [{ cloud: '', lastReadingMs: 60_000 }],
  lastSuccessMs: 70_000,
  ordinaryPauseMs: 1_800_000,
});

function setUp(
  statuses: () => Promise<SiteStatus[]> = async () => [READ, status('written'), status('gone')],
) {
  const metrics = createPortalMetrics();
  const asked: number[][] = [];
  const state = {
    nowMs: NOW,
    sites: [{ name: 'read' }, { name: 'written' }] as Partial<SiteDeclaration>[],
    closing: undefined as Promise<void> | undefined,
    sleeps: 0,
  };
  const shares = (site: string): CoverageShares => ({ site, measured: 0.5, spread: 0.25, missing: 0.25 });
  const figures: SiteFigures = new SiteFigures({
    ledger: {
      sites: statuses,
      coverageShares: async (...hours) => {
        asked.push(hours.map((ms) => (ms - NOW) / HOUR));
        return [shares('read'), shares('gone')];
      },
    },
    clock: {
      nowMs: () => state.nowMs,
      sleep: async () => {
        state.sleeps += 1;
        if (state.sleeps === 3) state.closing = figures.close();
      },
    },
    logger: silentLogger(),
    metrics,
    sites: () => state.sites.map((site) => ({ name: '', labels: {}, ...site })),
  });
  const lines = async () =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.includes('{site="'))
      .map((line) => line.replace('stackmeter_portal_', ''));
  return { figures, metrics, state, asked, lines };
}

const counts = (site: string) => [
  `sweeps_total{site="${site}",result="success"} 0`,
  `sweeps_total{site="${site}",result="failure"} 0`,
  `sweeps_total{site="${site}",result="ledger_failure"} 0`,
  ...[
    'folded_readings',
    'ignored_readings',
    'refused_series',
    'anomalies',
    'remote_write_set_aside_samples',
  ].map((name) => `${name}_total{site="${site}"} 0`),
];

it('every declared site has all of its series from the first update on, even without any reading', async () => {
  const { figures, lines } = setUp();
  await figures.update();
  expect((await lines()).sort()).toEqual(
    [
      ...counts('read'),
      ...counts('written'),
      'last_success_timestamp_seconds{site="read"} 70',
      'last_success_timestamp_seconds{site="written"} 0',
      'last_reading_timestamp_seconds{site="read"} 60',
      'last_reading_timestamp_seconds{site="written"} 0',
      'ordinary_pause_seconds{site="read"} 1800',
      'ordinary_pause_seconds{site="written"} 900',
      'coverage_ratio{site="read",coverage="measured"} 0.5',
      'coverage_ratio{site="read",coverage="spread"} 0.25',
      'coverage_ratio{site="read",coverage="missing"} 0.25',
    ].sort(),
  );
});

it('a reload keeps the counters of a site that stays, and removes all series of a site that goes', async () => {
  const { figures, metrics, state, lines } = setUp();
  await figures.update();
  countFold(metrics, 'read', { folded: 3, ignored: 2, anomalies: 1 }, [
    { reason: 'r', count: 4, example: 'e' },
    { reason: 's', count: 1, example: 'f' },
  ]);
  state.sites = [{ name: 'read' }];
  await figures.update();
  expect((await lines()).filter((line) => line.includes('_total'))).toEqual([
    'sweeps_total{site="read",result="success"} 1',
    'sweeps_total{site="read",result="failure"} 0',
    'sweeps_total{site="read",result="ledger_failure"} 0',
    'folded_readings_total{site="read"} 3',
    'ignored_readings_total{site="read"} 2',
    'refused_series_total{site="read"} 5',
    'anomalies_total{site="read"} 1',
    'remote_write_set_aside_samples_total{site="read"} 0',
  ]);
  state.sites = [];
  await figures.update();
  expect(await lines()).toEqual([]);
});

it('each cloud that is not retired shows the instant of its last reading', async () => {
  const cloud = (name: string, second: number) => ({
    cloud: name,
    lastReadingMs: second * 1000,
  });
  let clouds = [cloud('west', 40), cloud('', 50), cloud('east', 60)];
  const { figures, state, lines } = setUp(async () => [{ ...READ, clouds }]);
  const shown = async () => (await lines()).filter((line) => line.startsWith('last_reading'));
  await figures.update();
  expect(await shown()).toEqual([
    'last_reading_timestamp_seconds{site="read",cloud="west"} 40',
    'last_reading_timestamp_seconds{site="read"} 50',
    'last_reading_timestamp_seconds{site="read",cloud="east"} 60',
  ]);
  clouds = [cloud('east', 70)];
  await figures.update();
  expect(await shown()).toEqual(['last_reading_timestamp_seconds{site="read",cloud="east"} 70']);
  clouds = [];
  await figures.update();
  expect(await shown()).toEqual([]);
  clouds = [cloud('east', 80)];
  state.sites = [];
  await figures.update();
  expect(await shown()).toEqual([]);
});

it('asks for coverage once an hour and for a new site with a past, of the 24 hours that ended an hour ago', async () => {
  let past: number | undefined;
  const { figures, state, asked } = setUp(async () => [status('written', { firstReadingMs: past })]);
  for (const minutes of [0, 10, 29, 31, 40]) {
    state.nowMs = NOW + minutes * 60_000;
    await figures.update();
  }
  const hours = [
    [-25.5, -1.5],
    [-24.5, -0.5],
  ];
  expect(asked).toEqual(hours);
  past = NOW;
  await figures.update();
  expect(asked).toEqual(hours);
  past = NOW - HOUR;
  await figures.update();
  await figures.update();
  expect(asked).toEqual([...hours, hours[1]]);
});

it('continues when the ledger fails, until it is closed, and keeps the earlier figures', async () => {
  let looks = 0;
  const { figures, state, lines } = setUp(async () => {
    looks += 1;
    if (looks === 2) throw new Error('the database is away');
    return [READ];
  });
  figures.start();
  figures.start();
  await vi.waitFor(() => expect(state.closing).toBeDefined());
  await state.closing;
  expect([looks, (await lines()).includes('last_success_timestamp_seconds{site="read"} 70')]).toEqual([
    3,
    true,
  ]);
});
