import { expect, it } from 'vitest';
import { changeOf, changeWords } from './change.ts';

const words = (amount: number, earlier: number) =>
  changeWords(changeOf(amount, earlier, (value) => value.toFixed(1)));

it('a change is an amount and a share, with its sign', () => {
  expect(words(112.3, 100)).toBe('+12.3 (+12.3%)');
  expect(words(50, 100)).toBe('−50.0 (−50%)');
  expect(words(100, 100)).toBe('0.0 (0%)');
});

it('a change from nothing has no share', () => {
  expect(words(5, 0)).toBe('+5.0');
});
