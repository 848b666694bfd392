import { describe, expect, it } from 'vitest';
import { runRegularly, type Schedule } from './regularly.ts';

/** Lets turns that each take a second pass until so many have begun; returns when each began, in seconds. */
async function beginnings(turns: number, schedule: Partial<Schedule>, work: (turn: number) => void) {
  const ending = new AbortController();
  const began: number[] = [];
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, sleep: async (durationMs: number) => void (nowMs += durationMs) };
  const turn = async () => {
    began.push(nowMs / 1000);
    nowMs += 1000;
    if (began.length === turns) ending.abort();
    work(began.length);
  };
  await runRegularly(turn, { clock, signal: ending.signal, delayMs: () => 10_000, ...schedule });
  return began;
}

const failsTwice = (turn: number) => {
  if (turn === 2 || turn === 3) throw new Error(`turn ${turn}`);
};

describe('work that is done regularly', () => {
  it('begins after the first delay, and again a delay after each end', async () => {
    expect(await beginnings(3, { firstDelayMs: 5000 }, () => undefined)).toEqual([5, 16, 27]);
  });

  it('counts failures in a row, and tells of each', async () => {
    const told: unknown[] = [];
    await beginnings(5, { onFailure: (error, turn) => void told.push([String(error), turn]) }, failsTwice);
    expect(told).toEqual([
      ['Error: turn 2', { failures: 1, elapsedMs: 1000 }],
      ['Error: turn 3', { failures: 2, elapsedMs: 1000 }],
    ]);
  });

  it('delays by how the turn went', async () => {
    const delayMs: Schedule['delayMs'] = ({ failures }) => 1000 * (1 + failures);
    expect(await beginnings(5, { delayMs, onFailure: () => undefined }, failsTwice)).toEqual([
      0, 2, 5, 9, 11,
    ]);
  });

  it('ends with the error where nobody is to be told', async () => {
    await expect(beginnings(5, {}, failsTwice)).rejects.toThrow('turn 2');
  });

  it('is not begun once it has ended', async () => {
    const signal = AbortSignal.abort();
    expect(await beginnings(1, { signal }, () => undefined)).toEqual([]);
  });
});
