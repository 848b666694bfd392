import { describe, expect, it } from 'vitest';
import { runRegularly, type Schedule } from './regularly.ts';

/** Runs `turns` turns of one second each; returns the start of each one in seconds. */
async function startTimes(turns: number, schedule: Partial<Schedule>, work: (turn: number) => void) {
  const ending = new AbortController();
  const started: number[] = [];
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, sleep: async (durationMs: number) => void (nowMs += durationMs) };
  const turn = async () => {
    started.push(nowMs / 1000);
    nowMs += 1000;
    if (started.length === turns) ending.abort();
    work(started.length);
  };
  await runRegularly(turn, { clock, signal: ending.signal, delayMs: () => 10_000, ...schedule });
  return started;
}

const failsTwice = (turn: number) => {
  if (turn === 2 || turn === 3) throw new Error(`turn ${turn}`);
};

describe('work that is done regularly', () => {
  it('starts after the first delay, and again after a delay from each end', async () => {
    expect(await startTimes(3, { firstDelayMs: 5000 }, () => undefined)).toEqual([5, 16, 27]);
  });

  it('counts failures in a row, and reports each one', async () => {
    const told: unknown[] = [];
    await startTimes(5, { onFailure: (error, turn) => void told.push([String(error), turn]) }, failsTwice);
    expect(told).toEqual([
      ['Error: turn 2', { failures: 1, elapsedMs: 1000 }],
      ['Error: turn 3', { failures: 2, elapsedMs: 1000 }],
    ]);
  });

  it('can wait longer after a failed turn', async () => {
    const delayMs: Schedule['delayMs'] = ({ failures }) => 1000 * (1 + failures);
    expect(await startTimes(5, { delayMs, onFailure: () => undefined }, failsTwice)).toEqual([
      0, 2, 5, 9, 11,
    ]);
  });

  it('ends with the error if nothing handles failures', async () => {
    await expect(startTimes(5, {}, failsTwice)).rejects.toThrow('turn 2');
  });

  it('does not start after the signal', async () => {
    const signal = AbortSignal.abort();
    expect(await startTimes(1, { signal }, () => undefined)).toEqual([]);
  });
});
