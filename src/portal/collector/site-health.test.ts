import { describe, expect, it } from 'vitest';
import { afterSweep, UNTRIED, type HealthEvent, type SweepResult } from './site-health.ts';

const success = (
  refusals: { reason: string; count: number; example: string }[] = [],
  anomalies = 0,
): SweepResult => ({
  kind: 'success',
  outcome: { folded: 3, ignored: 1, anomalies },
  refusals,
});
const failure = (reason: string): SweepResult => ({ kind: 'failure', reason, retryAfterMs: undefined });

/** The log's events over a row of sweeps, and the number of failures at the end. */
function story(...results: SweepResult[]): { events: HealthEvent[]; failures: number } {
  let health = UNTRIED;
  const events: HealthEvent[] = [];
  for (const result of results) {
    const after = afterSweep(health, result);
    health = after.health;
    events.push(...after.events);
  }
  return { events, failures: health.failures };
}

describe('the log about a site', () => {
  it('has one line when the site becomes reachable, and none for later sweeps', () => {
    expect(story(success(), success(), success())).toEqual({
      events: [{ level: 'info', message: 'site is reachable', fields: { readings: 4 } }],
      failures: 0,
    });
  });

  it('has one line for each reason of a failure, and one for the recovery', () => {
    expect(story(success(), failure('down'), failure('down'), failure('odd'), success())).toEqual({
      events: [
        { level: 'info', message: 'site is reachable', fields: { readings: 4 } },
        { level: 'warn', message: 'site is unreachable', fields: { reason: 'down' } },
        { level: 'warn', message: 'site is unreachable', fields: { reason: 'odd' } },
        { level: 'info', message: 'site has recovered', fields: { failedSweeps: 3 } },
      ],
      failures: 0,
    });
  });

  it('separates failures of the ledger from failures of the site', () => {
    expect(story(failure('down'), { kind: 'ledger_failure', reason: 'down' })).toEqual({
      events: [
        { level: 'warn', message: 'site is unreachable', fields: { reason: 'down' } },
        { level: 'error', message: 'the ledger could not fold the sweep', fields: { reason: 'down' } },
      ],
      failures: 2,
    });
  });

  it('names refused series when their reasons change, and says when there are no more', () => {
    const nan = { reason: 'not a number', count: 2, example: 'project_vcpu_usage' };
    expect(story(success([nan]), success([{ ...nan, count: 7 }]), success()).events.slice(1)).toEqual([
      { level: 'warn', message: 'series of the site are refused', fields: nan },
      { level: 'info', message: 'no series of the site is refused any more', fields: {} },
    ]);
  });

  it('reports anomalies when they start', () => {
    expect(
      story(success(), success([], 2), success([], 1), success(), success([], 1)).events.slice(1),
    ).toEqual([
      { level: 'warn', message: "the site's totals are anomalous", fields: { anomalies: 2 } },
      { level: 'warn', message: "the site's totals are anomalous", fields: { anomalies: 1 } },
    ]);
  });
});
