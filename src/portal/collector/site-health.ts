import type { FoldOutcome, Refusal } from '../ledger/ledger.ts';

/** The result of one sweep. */
export type SweepResult =
  | { kind: 'success'; outcome: FoldOutcome; refusals: readonly Refusal[] }
  | { kind: 'failure'; reason: string; retryAfterMs: number | undefined }
  /** The site delivered, but the ledger could not fold the sweep. This is not the site's fault. */
  | { kind: 'ledger_failure'; reason: string };

/** The state of a site between sweeps. */
export interface SiteHealth {
  state: 'untried' | SweepResult['kind'];
  reason: string | undefined;
  /** Sweeps without success since the last success. */
  failures: number;
  /** The reasons of the refusals in the last sweep. */
  refused: string;
  /** Whether the last folded sweep had an anomaly. */
  anomalous: boolean;
}

export interface HealthEvent {
  level: 'info' | 'warn' | 'error';
  message: string;
  fields: Readonly<Record<string, string | number>>;
}

export const UNTRIED: SiteHealth = {
  state: 'untried',
  reason: undefined,
  failures: 0,
  refused: '',
  anomalous: false,
};

/** Returns the site's health after a sweep, and events for the log: only for changes, never one for each sweep. */
export function afterSweep(
  before: SiteHealth,
  result: SweepResult,
): { health: SiteHealth; events: HealthEvent[] } {
  return result.kind === 'success' ? afterSuccess(before, result) : afterFailure(before, result);
}

function afterSuccess(before: SiteHealth, { outcome, refusals }: SweepResult & { kind: 'success' }) {
  const refused = refusals
    .map(({ reason }) => reason)
    .sort()
    .join('; ');
  const events: HealthEvent[] = [];
  if (before.state === 'untried')
    events.push({
      level: 'info',
      message: 'site is reachable',
      fields: { readings: outcome.folded + outcome.ignored },
    });
  else if (before.state !== 'success')
    events.push({ level: 'info', message: 'site has recovered', fields: { failedSweeps: before.failures } });
  if (refused !== before.refused) events.push(...refusalEvents(refusals));
  const anomalous = outcome.anomalies > 0;
  if (anomalous && !before.anomalous)
    events.push({
      level: 'warn',
      message: "the site's totals are anomalous",
      fields: { anomalies: outcome.anomalies },
    });
  return {
    health: { state: 'success' as const, reason: undefined, failures: 0, refused, anomalous },
    events,
  };
}

function refusalEvents(refusals: readonly Refusal[]): HealthEvent[] {
  if (refusals.length === 0)
    return [{ level: 'info', message: 'no series of the site is refused any more', fields: {} }];
  return refusals.map(({ reason, count, example }) => ({
    level: 'warn' as const,
    message: 'series of the site are refused',
    fields: { reason, count, example },
  }));
}

function afterFailure(before: SiteHealth, result: Exclude<SweepResult, { kind: 'success' }>) {
  const health = { ...before, state: result.kind, reason: result.reason, failures: before.failures + 1 };
  if (before.state === result.kind && before.reason === result.reason) return { health, events: [] };
  const { reason } = result;
  const event: HealthEvent =
    result.kind === 'failure'
      ? { level: 'warn', message: 'site is unreachable', fields: { reason } }
      : { level: 'error', message: 'the ledger could not fold the sweep', fields: { reason } };
  return { health, events: [event] };
}
