import { expect, it } from 'vitest';
import { pageText } from './rows.ts';

it.each([0, 1, 1_000, 1_001, 2_500])('the text of a page of %i rows is its JSON', async (count) => {
  const data = Array.from({ length: count }, (_, index) => index);
  const rowOf = (index: number) => ({ name: `"${index}"`, none: undefined });
  for (const next of [null, 'a"b'])
    expect(await pageText({ data, next }, rowOf)).toBe(JSON.stringify({ data: data.map(rowOf), next }));
});
