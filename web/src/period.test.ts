import { describe, expect, it } from 'vitest';
import { HOUR_MS } from './format.ts';
import { bucketStarts, isInProgress, spanUpTo } from './period.ts';

const NOW = Date.UTC(2026, 10, 22, 14, 30);

describe('the last hours or days', () => {
  it('end with the current hour, and are as many as the period has', () => {
    const span = spanUpTo(NOW, '24h', 'hour');
    expect(span).toEqual({
      period: '24h',
      fromMs: Date.UTC(2026, 10, 21, 15),
      toMs: Date.UTC(2026, 10, 22, 15),
      step: 'hour',
    });
    expect(bucketStarts(span)).toHaveLength(24);
  });

  it('are whole days in UTC if the step is a day', () => {
    const starts = bucketStarts(spanUpTo(NOW, '7d', 'day'));
    expect([starts[0], starts.at(-1), starts.length]).toEqual([
      Date.UTC(2026, 10, 16),
      Date.UTC(2026, 10, 22),
      7,
    ]);
  });

  it('change to a new hour exactly at its start', () => {
    expect(spanUpTo(Date.UTC(2026, 10, 22, 14), '24h', 'hour').toMs).toBe(Date.UTC(2026, 10, 22, 15));
  });
});

describe('an hour', () => {
  it('is in progress until it is over', () => {
    const start = Date.UTC(2026, 10, 22, 14);
    expect([
      isInProgress(start, 'hour', start + HOUR_MS - 1),
      isInProgress(start, 'hour', start + HOUR_MS),
    ]).toEqual([true, false]);
  });
});
