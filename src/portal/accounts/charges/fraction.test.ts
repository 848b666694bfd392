import { describe, expect, it } from 'vitest';
import { exactText, rounded, shortText } from './fraction.ts';
import { ROUNDINGS } from './price-book.ts';

describe('a shown amount', () => {
  const amounts: [numerator: bigint, denominator: bigint][] = [
    [5n, 2n],
    [7n, 2n],
    [-5n, 2n],
    [1n, 3n],
    [-1n, 3n],
    [2n, 3n],
    [4n, 2n],
  ];

  it.each([
    ['half-up', ['3', '4', '-3', '0', '0', '1', '2']],
    ['half-even', ['2', '4', '-2', '0', '0', '1', '2']],
    ['up', ['3', '4', '-3', '1', '-1', '1', '2']],
    ['down', ['2', '3', '-2', '0', '0', '0', '2']],
  ] as const)('is rounded %s', (mode, expected) => {
    expect(amounts.map(([numerator, denominator]) => rounded({ numerator, denominator }, 0, mode))).toEqual(
      expected,
    );
  });

  it('has the decimal places of its book', () => {
    for (const mode of ROUNDINGS) expect(rounded({ numerator: 5n, denominator: 100n }, 2, mode)).toBe('0.05');
    expect(rounded({ numerator: -12_345n, denominator: 100n }, 2, 'down')).toBe('-123.45');
  });
});

describe('an exact amount', () => {
  it('is in lowest terms', () => {
    expect(exactText({ numerator: 6n, denominator: 4n })).toBe('3/2');
    expect(exactText({ numerator: -6n, denominator: 3n })).toBe('-2');
    expect(exactText({ numerator: 0n, denominator: 7n })).toBe('0');
  });

  it('is a short decimal where that says it exactly', () => {
    expect(shortText({ numerator: 1n, denominator: 8n })).toBe('0.125');
    expect(shortText({ numerator: 100n, denominator: 1n })).toBe('100');
    expect(shortText({ numerator: 1n, denominator: 3n })).toBe('1/3');
  });
});
