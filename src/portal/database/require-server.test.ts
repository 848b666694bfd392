import { expect, it } from 'vitest';
import { faultsOf } from './require-server.ts';

const server = { version: 150_004, named: '15.4', encoding: 'UTF8', timeout_ms: 0 };

it('accepts PostgreSQL 15 and newer with UTF8 and a statement_timeout of a minute', () => {
  expect(faultsOf(server)).toEqual([]);
  expect(faultsOf({ ...server, timeout_ms: 60_000 })).toEqual([]);
});

it.each([
  [{ version: 140_010, named: '14.10' }, /^its server is PostgreSQL 14.10: 15 or newer/],
  [{ encoding: 'LATIN1' }, /^its encoding is LATIN1.*ENCODING 'UTF8'/],
  [{ encoding: 'SQL_ASCII' }, /^its encoding is SQL_ASCII/],
  [{ timeout_ms: 500 }, /^its statement_timeout is 500 ms.*SET statement_timeout = 0/],
])('refuses %j', (facts, line) => {
  expect(faultsOf({ ...server, ...facts })).toEqual([expect.stringMatching(line)]);
});
