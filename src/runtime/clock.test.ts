import { expect, it, vi } from 'vitest';
import { LONGEST_TIMER_MS, systemClock } from './clock.ts';

it('sleeps longer than the longest timer, and wakes for a signal', async () => {
  const warnings = vi.fn();
  process.on('warning', warnings);
  const ending = new AbortController();
  let awake = false;
  const asleep = systemClock.sleep(LONGEST_TIMER_MS + 1, ending.signal).then(() => (awake = true));
  await systemClock.sleep(20);
  expect(awake).toBe(false);
  ending.abort();
  await asleep;
  process.off('warning', warnings);
  expect(warnings).not.toHaveBeenCalled();
});
