import { describe, expect, it } from 'vitest';
import { rulesOfSite } from './site-rules.ts';

describe('a pause between readings', () => {
  it.each([
    [undefined, 15],
    [0.5, 15],
    [5, 15],
    [10, 30],
    [15, 45],
    [30, 60],
    [24 * 60, 60],
  ])('of a site that is read every %s minutes is a gap from %s minutes on', (minutes, threshold) => {
    const intervalMs = minutes === undefined ? undefined : minutes * 60_000;
    expect(rulesOfSite(intervalMs).gapThresholdMs).toBe(threshold * 60_000);
  });
});
