import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { statementsOf } from '../database/statements.ts';
import { MIGRATIONS } from './all.ts';

/** Statements that remove data, or something that an older program reads or writes. A trigger on them removes nothing. */
const TAKES_AWAY =
  /\b(DROP\s+(?!NOT NULL|DEFAULT|CONSTRAINT)|TRUNCATE\s+(?!ON\b)|DELETE\s+FROM|RENAME\s|ALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE|SET\s+NOT\s+NULL)/i;

describe('the migrations', () => {
  it('have numbers that grow', () => {
    const ids = MIGRATIONS.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other));
  });

  it('are marked as destructive if they take something away', () => {
    const silent = MIGRATIONS.filter(({ sql, destructive }) => TAKES_AWAY.test(sql) && destructive !== true);
    expect(silent.map(({ id, name }) => `${id} ${name}`)).toEqual([]);
  });

  it('are in docs/upgrade.md if they exclude earlier portals', () => {
    const page = readFileSync(new URL('../../../../../docs/upgrade.md', import.meta.url), 'utf8');
    const silent = MIGRATIONS.filter(
      ({ id, name, excludesOlder }) => excludesOlder === true && !page.includes(`| ${id} (\`${name}\`) `),
    );
    expect(silent.map(({ id, name }) => `${id} ${name}`)).toEqual([]);
  });

  it('add no column with an identity, a sequence, or a check without a name, which Citus refuses', () => {
    const statements = MIGRATIONS.flatMap(({ sql }) => statementsOf(sql)).filter((text) =>
      text.startsWith('ALTER TABLE'),
    );
    expect(statements.filter((text) => /AS IDENTITY|\b(big|small)?serial\b/i.test(text))).toEqual([]);
    expect(
      statements.filter((text) => /\bCHECK\b/.test(text.replaceAll(/CONSTRAINT \w+ CHECK/g, ''))),
    ).toEqual([]);
  });

  it('create new tables without foreign keys, so that they can be distributed before they get them', () => {
    // Ledgers were not distributed before this migration.
    const later = MIGRATIONS.filter(({ id }) => id >= 14).flatMap(({ sql }) => statementsOf(sql));
    expect(later.filter((text) => /^CREATE TABLE[^]*\bREFERENCES\b/.test(text))).toEqual([]);
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
