import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it('uses the singular only for 1', () => {
  expect([0, 1, 2].map((count) => counted(count, 'project'))).toEqual([
    '0 projects',
    '1 project',
    '2 projects',
  ]);
});
