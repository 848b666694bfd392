import { expect, it } from 'vitest';
import { MIGRATIONS } from '../migrations/all.ts';
import { statementsOf } from './statements.ts';

it('splits at semicolons outside of texts', () => {
  expect(
    statementsOf(`\nCREATE TABLE a ();\n\nCOMMENT ON TABLE a IS 'one; it''s; two';\nDROP TABLE "x;y"`),
  ).toEqual(['CREATE TABLE a ()', `COMMENT ON TABLE a IS 'one; it''s; two'`, 'DROP TABLE "x;y"']);
});

it.each(MIGRATIONS)('splits migration $id into statements that each start with a command', ({ sql }) => {
  expect(sql).not.toMatch(/--|\/\*|\$/);
  for (const statement of statementsOf(sql))
    expect(statement).toMatch(/^(?:CREATE|ALTER|COMMENT|UPDATE|DROP|INSERT|DELETE|TRUNCATE)\b/);
});
