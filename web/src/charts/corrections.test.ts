import { describe, expect, it } from 'vitest';
import type { CorrectionRow } from '../../../src/portal/api/shapes/quality/answers.ts';
import { correctionsByBucket, correctionWords } from './corrections.ts';
import { spanOf, type BucketStep } from '../period.ts';

const NOW = Date.UTC(2026, 10, 22, 14, 30);

function correction(start: string, before: number | null, after: number | null, at: string): CorrectionRow {
  const place = { site: 'a', cloud: '', project_id: 'p', project_name: 'p', resource: 'vcpu', start };
  return {
    ...place,
    before,
    after,
    spread_before: before,
    spread_after: 0,
    unit: 'vCPU-hours',
    reason: 'late',
    at,
  };
}

const FIRST = correction('2026-11-20T22:00:00.000Z', 8, 9.5, '2026-11-21T23:30:00.000Z');
const SECOND = correction('2026-11-20T23:00:00.000Z', 8, 7, '2026-11-21T12:00:00.000Z');

const span = (step: BucketStep, zone = 'UTC') => spanOf({ range: '7d', zone, compare: 'none' }, step, NOW);
const words = (rows: CorrectionRow[], step: BucketStep, zone?: string) =>
  correctionWords(rows, span(step, zone), (amount) => amount.toFixed(1));

describe('corrections', () => {
  it('belong to the day of the zone in which their hour is', () => {
    const days = (zone: string) =>
      correctionsByBucket(span('day', zone), 'vcpu', [SECOND, FIRST, { ...FIRST, resource: 'mb' }]).slice(-3);
    expect(days('UTC')).toEqual([[SECOND, FIRST], [], []]);
    expect(days('Europe/Berlin')).toEqual([[FIRST], [SECOND], []]);
  });

  it('of an hour have its values before and after, and the day of the zone on which they were learned', () => {
    expect(words([FIRST], 'hour')).toBe('corrected on 21 Nov 2026 from 8.0 to 9.5: late');
    expect(words([FIRST], 'hour', 'Europe/Berlin')).toBe('corrected on 22 Nov 2026 from 8.0 to 9.5: late');
  });

  it('of a longer time have their number and sum', () => {
    expect(words([SECOND], 'day')).toBe('1 correction, −1.0, on 21 Nov 2026: late');
    expect(words([FIRST, SECOND], 'day')).toBe(
      '2 corrections, together +0.5, the last one on 21 Nov 2026: late',
    );
    expect(words([], 'day')).toBe('');
  });

  it('have no amounts where the portal does not keep the hours any more', () => {
    const old = { ...FIRST, before: null, after: null };
    expect(words([old], 'hour')).toBe('1 correction, on 21 Nov 2026: late');
    expect(words([old, SECOND], 'day')).toBe('2 corrections, the last one on 21 Nov 2026: late');
  });
});
