import { describe, expect, it } from 'vitest';
import type { SiteRow } from '../../api.ts';
import type { SweepRow } from '../data/records.ts';
import { siteState } from '../../site-state.ts';
import { nextStep, stateSentence, stateSince } from './site-words.ts';

const NOW = Date.UTC(2026, 10, 22, 14);
const at = (agoMs: number) => new Date(NOW - agoMs).toISOString();
const MINUTE = 60_000;

function site(changed: Partial<SiteRow>): SiteRow {
  const read = changed.last_reading_at === undefined ? at(10_000) : changed.last_reading_at;
  return {
    name: 'a',
    labels: {},
    first_reading_at: at(1e9),
    last_reading_at: read,
    clouds: read === null ? [] : [{ cloud: '', last_reading_at: read }],
    last_sweep_at: at(5_000),
    last_success_at: at(5_000),
    last_error: null,
    declared: true,
    ordinary_pause_seconds: 900,
    projects: 1,
    meters: 2,
    refused_series: 0,
    anomalies: 0,
    ...changed,
  };
}

const run = (outcome: SweepRow['outcome'], fromAgoMs: number, toAgoMs: number): SweepRow => ({
  site: 'a',
  outcome,
  from: at(fromAgoMs),
  to: at(toAgoMs),
  sweeps: 2,
  error: outcome === 'ok' ? null : '401',
});

function since(changed: Partial<SiteRow>, runs: readonly SweepRow[]): string | null {
  const one = site(changed);
  return stateSince(one, siteState(one, NOW), runs);
}

describe('since when a site is as it is', () => {
  it('is the first of the sweeps in a row that ended well, or that did not', () => {
    const failed = [
      run('failed', 20 * MINUTE, 0),
      run('refused', 50 * MINUTE, 21 * MINUTE),
      run('ok', 9e9, 51 * MINUTE),
    ];
    expect(since({ last_error: 'the gate refuses the token (401)' }, failed)).toBe(at(50 * MINUTE));
    expect(since({}, [run('ok', 7 * MINUTE, 0), ...failed])).toBe(at(7 * MINUTE));
    expect(since({ last_error: '401' }, failed.slice(0, 1))).toBe(at(20 * MINUTE));
  });

  it('is the last reading of a site that no portal reads', () => {
    const removed = { declared: false, last_reading_at: at(9e9) };
    expect(since(removed, [run('failed', 8e9, 7e9)])).toBe(at(9e9));
    const state = siteState(site(removed), NOW);
    expect([stateSentence(site(removed), state, null, NOW), nextStep(state)]).toEqual([
      'No portal that runs reads this site. Its usage stays.',
      'Nothing, if the site was removed. Otherwise start the portal that reads it.',
    ]);
  });

  it('is the last reading where sweeps end well and bring nothing new', () => {
    const runs = [run('ok', 9e9, 0)];
    expect(since({ last_reading_at: at(30 * MINUTE) }, runs)).toBe(at(30 * MINUTE));
    expect(
      since({ last_reading_at: at(30 * MINUTE), last_error: 'the totals have not moved since' }, runs),
    ).toBe(at(30 * MINUTE));
  });

  it('is not known before the first reading, and of a site without known sweeps', () => {
    expect(since({ last_reading_at: null, first_reading_at: null }, [run('ok', 5, 0)])).toBe(null);
    expect(since({}, [])).toBe(null);
  });
});

it('the state is a sentence with its time', () => {
  const sentence = (changed: Partial<SiteRow>, from: string | null) => {
    const one = site(changed);
    return stateSentence(one, siteState(one, NOW), from, NOW);
  };
  expect(sentence({}, at(3 * MINUTE))).toBe(
    'All is well since 2026-11-22 13:57:00 UTC (3 min ago). A pause of up to 15 minutes is ordinary.',
  );
  expect(sentence({ last_error: '401' }, null)).toBe('Not all is well.');
  expect(sentence({ last_reading_at: at(30 * MINUTE) }, at(30 * MINUTE))).toBe(
    'No newer reading has arrived since 2026-11-22 13:30:00 UTC (30 min ago). A pause of up to 15 minutes is ordinary.',
  );
  expect(sentence({ last_reading_at: null, first_reading_at: null }, null)).toBe(
    'No reading has arrived yet.',
  );
});

describe('the next step', () => {
  it.each([
    ['the gate refuses the token (401): renew it on both sides', 'The token is not valid'],
    ['the gate denies the request (403): the selector', 'The policy of the gate'],
    ['the gate has no /federate at this url (404): check the url', 'Correct the url'],
    ['the gate answers 502: no upstream', 'The exporter or Prometheus'],
    ['TLS: the certificate of a has expired', 'Ask the site for the certificate'],
    ['nothing listens on usage.example:8443', 'Ask the site whether its gate runs'],
    ['series were refused: no time (1, such as x)', 'The rest of the site counts'],
    ["the site answers, but the exporter's totals have not moved since", 'An exporter of the site'],
  ])('of "%s" begins "%s"', (reason, begin) => {
    expect(nextStep({ name: 'failing', reason })?.startsWith(begin)).toBe(true);
  });

  it('is nothing where all is well', () => {
    expect(nextStep({ name: 'reporting', reason: null })).toBe(null);
  });
});
