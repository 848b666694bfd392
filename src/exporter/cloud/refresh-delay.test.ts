import { describe, expect, it } from 'vitest';
import { runRegularly } from '../../runtime/regularly.ts';
import { refreshDelayMs } from './refresh-delay.ts';

/** Runs refreshes that each take a second, and returns the seconds at which they started. */
async function instants(outcomes: ('ok' | 'fails')[]): Promise<number[]> {
  const ending = new AbortController();
  const began: number[] = [];
  let nowMs = 0;
  const clock = {
    nowMs: () => nowMs,
    sleep: async (durationMs: number) => {
      nowMs += durationMs;
      await Promise.resolve();
    },
  };
  const refresh = async () => {
    began.push(nowMs / 1000);
    nowMs += 1000;
    if (began.length === outcomes.length) ending.abort();
    await Promise.resolve();
    if (outcomes[began.length - 1] === 'fails') throw new Error('no luck');
  };
  await runRegularly(refresh, {
    clock,
    signal: ending.signal,
    delayMs: (turn) => refreshDelayMs(turn, 100_000),
    onFailure: () => undefined,
  });
  return began;
}

describe('regular refreshes', () => {
  it('start an interval apart, for any duration', async () => {
    expect(await instants(['ok', 'ok', 'ok'])).toEqual([0, 100, 200]);
  });

  it('are tried again sooner after a failure, with delays that grow up to the interval', async () => {
    expect(await instants(['fails', 'fails', 'fails', 'fails', 'fails', 'ok', 'ok'])).toEqual([
      0, 16, 47, 108, 209, 310, 410,
    ]);
  });
});
