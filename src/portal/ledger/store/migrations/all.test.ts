import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from './all.ts';

/** Statements that remove data, or something that an older program reads or writes. Comments and texts do not count. */
const TAKES_AWAY =
  /\b(DROP\s+(?!NOT NULL|DEFAULT|CONSTRAINT)|TRUNCATE|DELETE\s+FROM|RENAME\s|ALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE|SET\s+NOT\s+NULL)/i;

describe('the migrations', () => {
  it('have numbers that grow', () => {
    const ids = MIGRATIONS.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other));
  });

  it('are marked as destructive if they take something away', () => {
    const silent = MIGRATIONS.filter(({ sql, destructive }) => TAKES_AWAY.test(sql) && destructive !== true);
    expect(silent.map(({ id, name }) => `${id} ${name}`)).toEqual([]);
  });

  it.each([
    'DROP TABLE ledger.entry',
    'ALTER TABLE ledger.site DROP COLUMN labels',
    'TRUNCATE ledger.anomaly',
    'DELETE FROM ledger.entry',
    'ALTER TABLE ledger.entry RENAME COLUMN amount TO sum',
    'ALTER TABLE ledger.entry ALTER COLUMN amount TYPE integer',
    'ALTER TABLE ledger.entry ALTER COLUMN amount SET NOT NULL',
  ])('take something away by %s', (statement) => {
    expect(statement).toMatch(TAKES_AWAY);
  });
});
