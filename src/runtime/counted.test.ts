import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it('what is counted has a plural for all but one', () => {
  expect([0, 1, 2].map((count) => counted(count, 'project'))).toEqual([
    '0 projects',
    '1 project',
    '2 projects',
  ]);
});
