import { expect, it } from 'vitest';
import type { StoredBook } from '../../../accounts/grants/stored.ts';
import { bookRow, booksText, type BookRow } from './book-answers.ts';

const VERSIONS = 100;

const BOOK: StoredBook = {
  name: 'credits',
  unit: 'credits',
  scale: 2,
  rounding: 'half-up',
  version: Array.from({ length: VERSIONS }, (_, index) => ({
    from: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
    reason: 'call 7',
    author: 'ada',
    written: '2026-01-01T00:00:00Z',
    server: [],
    states: { stopped: '0.5' },
    resource: [{ resource: 'vcpu', per: 1, price: `${index}` }],
    fallback: [],
  })),
};

it('price books with many versions block nobody', async () => {
  let rounds = 0;
  const count = () => {
    rounds += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const books = [1, 2].map((version) => ({ document: BOOK, version, changedMs: 0, author: 'ada' }));
  const text = await booksText(books);
  clearImmediate(next);
  const { data } = JSON.parse(text) as { data: BookRow[] };
  expect(data.map((row) => bookRow.parse(row))).toEqual(data);
  expect(data.map(({ version, versions }) => [version, versions.length])).toEqual([
    [1, VERSIONS],
    [2, VERSIONS],
  ]);
  expect(data[0]?.versions[1]).toMatchObject({
    words: ['state stopped: × 0.5', 'vcpu: 1 for each of vCPU-hours'],
    changes: ['vcpu: 0 for each of vCPU-hours → 1 for each of vCPU-hours'],
  });
  expect(rounds).toBeGreaterThan(VERSIONS);
});

it('price books are not written for somebody who has left', async () => {
  const books = [{ document: BOOK, version: 1, changedMs: 0, author: 'ada' }];
  const left = AbortSignal.abort(new Error('the client has left'));
  await expect(booksText(books, left)).rejects.toThrow('the client has left');
});
