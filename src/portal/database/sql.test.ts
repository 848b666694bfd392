import { expect, it, vi } from 'vitest';
import { prepared, sql } from './sql.ts';

it('gives a prepared statement one name for each text, with any values', () => {
  const siteOf = (name: string) => prepared`SELECT site_id FROM ledger.site WHERE name = ${name}`;
  const nameOf = (siteId: number) => prepared`SELECT name FROM ledger.site WHERE ${sql`site_id = ${siteId}`}`;
  expect(siteOf('a')).toEqual({ ...siteOf('b'), values: ['a'] });
  expect(nameOf(2).values).toEqual([2]);
  expect(nameOf(1).text).toBe('SELECT name FROM ledger.site WHERE site_id = $1');
  expect(nameOf(1).name).not.toBe(siteOf('a').name);
});

it('gives a prepared statement the same name in each process, in any order', async () => {
  vi.resetModules();
  const other = await import('./sql.ts');
  const before = other.prepared`SELECT 1`;
  expect([other.prepared`SELECT 2`, before]).toEqual([prepared`SELECT 2`, prepared`SELECT 1`]);
});
