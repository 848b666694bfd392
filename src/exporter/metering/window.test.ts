import { describe, expect, it } from 'vitest';
import { askedEnd, clockSkew, nextWindow, reachedByNova, settledEnd, settledUntil } from './window.ts';

const noon = Date.UTC(2026, 0, 1, 12);

describe('the next window', () => {
  it('ends a settling delay behind now, in whole seconds', () => {
    expect(settledUntil(noon + 999, 60_000)).toBe(noon - 60_000);
  });

  it('is at most as long as allowed, and the last window ends at the target', () => {
    expect(nextWindow(noon, noon + 25_000, 10_000)).toEqual({ startMs: noon, endMs: noon + 10_000 });
    expect(nextWindow(noon + 20_000, noon + 25_000, 10_000)).toEqual({
      startMs: noon + 20_000,
      endMs: noon + 25_000,
    });
  });

  it('does not exist for less than a second, or when the clock went back', () => {
    expect(nextWindow(noon, noon + 999, 10_000)).toBeUndefined();
    expect(nextWindow(noon, noon - 3_600_000, 10_000)).toBeUndefined();
  });
});

describe("Nova's clock", () => {
  const evidence = { sentMs: noon, receivedMs: noon + 3000, dateMs: undefined };

  it('agrees with ours if its date is between request and answer', () => {
    expect(clockSkew({ ...evidence, dateMs: noon })).toBe(0);
    expect(clockSkew({ ...evidence, sentMs: noon + 400, dateMs: noon })).toBe(0);
    expect(clockSkew({ ...evidence, dateMs: noon + 3000 })).toBe(0);
  });

  it('counts as ours without a date', () => {
    expect(clockSkew(evidence)).toBe(0);
  });

  it('has reached its date plus the time since by our clock, or our time without a date', () => {
    const told = { ...evidence, dateMs: noon - 60_000 };
    expect(reachedByNova(told, noon + 5000)).toBe(noon - 60_000 + 2000);
    expect([reachedByNova(evidence, noon), reachedByNova(undefined, noon)]).toEqual([noon, noon]);
  });

  it('is ahead or behind by the smallest time that agrees with its date', () => {
    expect(clockSkew({ ...evidence, dateMs: noon + 63_000 })).toBe(60_000);
    expect(clockSkew({ ...evidence, dateMs: noon - 61_000 })).toBe(-60_001);
  });
});

describe('the requested end', () => {
  it('is the end of the window, but now for the last window', () => {
    expect(askedEnd(noon, noon + 600_000, noon + 660_500)).toBe(noon);
    expect(askedEnd(noon + 600_000, noon + 600_000, noon + 660_500)).toBe(noon + 660_000);
  });
});

describe('the end up to which an answer is folded in', () => {
  const asked = { windowEndMs: noon - 60_000, askedEndMs: noon, settlingDelayMs: 60_000 };
  const evidence = { sentMs: noon, receivedMs: noon + 500, dateMs: noon };

  it("is the window's end if Nova used the requested end and its clock agrees", () => {
    expect(settledEnd(asked, evidence, noon)).toBe(noon - 60_000);
    expect(settledEnd(asked, { ...evidence, dateMs: undefined }, undefined)).toBe(noon - 60_000);
  });

  it('stays a settling delay behind the instant to which Nova cut the end', () => {
    expect(settledEnd(asked, evidence, noon - 90_500)).toBe(noon - 151_000);
  });

  it('stays a settling delay behind Nova if its date is behind our clock', () => {
    expect(settledEnd(asked, { ...evidence, dateMs: noon - 30_000 }, noon)).toBe(noon - 90_000);
  });
});
