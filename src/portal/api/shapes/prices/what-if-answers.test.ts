import { expect, it } from 'vitest';
import type { Bill } from '../../../accounts/charges/bill.ts';
import type { PriceBook } from '../../../accounts/charges/price-book.ts';
import { whatIfText, type WhatIfAnswer } from './what-if-answers.ts';

const ROWS = 2_000;

const bookOf = (name: string): PriceBook => ({
  name,
  unit: 'credits',
  scale: 2,
  rounding: 'half-up',
  version: [],
});

const billOf = (book: PriceBook): Bill => ({
  rows: Array.from({ length: ROWS }, (_, index) => ({
    startMs: 0,
    projectId: `p${index}`,
    book,
    charge: 1n,
  })),
  totals: [],
  unpriced: [],
  marked: [],
  unused: [],
});

it('a comparison of many rows blocks nobody', async () => {
  let rounds = 0;
  const count = () => {
    rounds += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const book = bookOf('new');
  const text = await whatIfText(billOf(bookOf('old')), billOf(book), book);
  clearImmediate(next);
  expect((JSON.parse(text) as WhatIfAnswer).data).toHaveLength(ROWS);
  expect(rounds).toBeGreaterThan(ROWS / 200);
});
