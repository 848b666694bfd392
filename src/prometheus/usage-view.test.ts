import { expect, it } from 'vitest';
import { UsageView } from './usage-view.ts';

const NOW = Date.UTC(2026, 10, 29, 12, 0);

function viewOf(samples: [name: string, labels: Record<string, string>, value: number][]): string {
  const view = new UsageView();
  for (const [name, labels, value] of samples) view.add({ name, labels, value, timestampMs: NOW });
  return view.words(NOW);
}

it('says how much a site shows, since when, how old it is and who counted it', () => {
  expect(
    viewOf([
      ['project_vcpu_usage', { project_id: 'a' }, 1],
      ['project_mb_usage', { project_id: 'a' }, 1],
      ['project_vcpu_usage', { project_id: 'b' }, 1],
      ['stackmeter_exporter_build_info', { version: '0.1.0' }, 1],
      ['stackmeter_exporter_start_timestamp_seconds', {}, Date.UTC(2026, 0, 1) / 1000],
      ['stackmeter_exporter_folded_until_timestamp_seconds', {}, NOW / 1000 - 240],
    ]),
  ).toBe(
    '3 series of 2 projects, since 2026-01-01 00:00 UTC, up to 2026-11-29 11:56 UTC (4 minutes ago), by stackmeter 0.1.0',
  );
});

it('believes no time that is none, and prints no control characters of a site', () => {
  expect(
    viewOf([
      ['project_vcpu_usage', { project_id: 'a' }, 1],
      ['stackmeter_exporter_build_info', { version: '1\u001b[2J' }, 1],
      ['stackmeter_exporter_start_timestamp_seconds', {}, Number.NaN],
      ['stackmeter_exporter_folded_until_timestamp_seconds', {}, 1e300],
    ]),
  ).toBe('1 series of 1 project, by stackmeter 1?[2J');
});

it('tells a site whose refreshes found nothing from one that is still at its first', () => {
  expect(viewOf([])).toBe('it answers, and has no usage yet: its exporter may still be at its first refresh');
  expect(
    viewOf([
      ['stackmeter_exporter_refreshes_total', { result: 'success' }, 16],
      ['stackmeter_exporter_refreshes_total', { result: 'failure' }, 2],
      ['stackmeter_exporter_last_refresh_success_timestamp_seconds', {}, NOW / 1000],
    ]),
  ).toBe(
    'it answers, and has no usage yet: 16 refreshes of its exporter succeeded, the last at 2026-11-29 12:00 UTC, and no project can be read',
  );
});
