import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../runtime/logger.ts';
import type { Accounts } from '../../../accounts/accounts.ts';
import type { StoredBook } from '../../../accounts/grants/stored.ts';
import { parsedTables } from '../../../accounts/grants/toml-file.ts';
import { priceBooksFile } from '../../../accounts/price-books/documents.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { createPortalMetrics } from '../../../metrics.ts';
import { createApiServer } from '../../server.ts';
import type { ApiServer } from '../../shapes/api-parts.ts';

const page = readFileSync(new URL('../../../../../docs/prices.md', import.meta.url), 'utf8');
/** The books of the three clouds. */
const BOOKS = [...page.matchAll(/```toml\n(\[\[price_book\]\][^]*?)```/g)].flatMap(
  ([, toml = '']) => parsedTables(priceBooksFile, parse(toml), 'docs/prices.md').price_book,
);

let server: ApiServer;

beforeEach(async () => {
  const accounts: Pick<Accounts, 'present'> = {
    present: async () => ({
      grants: [],
      accounts: [],
      books: BOOKS.map((book) => ({
        document: book as object as StoredBook,
        version: 1,
        changedMs: 0,
        author: 'ada',
      })),
      billing: [],
      marks: [],
    }),
  };
  server = await createApiServer({
    ledger: {} as Ledger,
    accounts: accounts as Accounts,
    metrics: createPortalMetrics(),
    clock: { nowMs: () => Date.UTC(2026, 5), sleep: async () => undefined },
    logger: silentLogger(),
  });
});

afterEach(async () => await server.close());

const ask = async (parameters: Record<string, string | string[]>) => {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters))
    for (const value of [values].flat()) query.append(name, value);
  return await server.inject(`/api/v1/quote?${query.toString()}`);
};

describe('the API of quotes', () => {
  it.each([
    ['de.NBI', ['tiny/1/2048×2', 'large/28/65536'], [], '728', '78041.6'],
    ['NERC', ['gpu/24/97280/0/0/0/a100=1', 'cpu/3/20480'], ['volume_gb=10000'], '720', '1409.76'],
    [
      'Jetstream2',
      ['m3.large/16/61440', 'r3.large/64/512000', 'g3.large/16/61440'],
      [],
      '8760',
      '1822080.00',
    ],
  ])('has the published figure of %s', async (book, servers, resources, hours, total) => {
    const answer = await ask({ book, server: servers, resource: resources, hours });
    expect(answer.json()).toMatchObject({ price_book: book, total, unpriced: [] });
    const csv = await ask({ book, server: servers, resource: resources, hours, format: 'csv' });
    expect(csv.body).toContain(`\r\ntotal,,,,,,,,${total},`);
  });

  it('says how long an amount lasts', async () => {
    const answer = await ask({ book: 'de.NBI', server: ['tiny/1/2048×2', 'large/28/65536'], amount: '1000' });
    expect(answer.json()).toMatchObject({ total: '107.2', amount: '1000', lasts_hours: '9.32' });
  });

  it.each([
    [{ book: 'x' }, "book: there is no price book 'x'; /api/v1/price-books lists them"],
    [{ book: 'NERC', hours: '1' }, 'say what to price: add a server or a resource'],
    [{ book: 'NERC', server: 'm1', hours: '1' }, /^server: write NAME\/VCPUS\/MIB, /],
    [{ book: 'NERC', server: ['m1/1/1', 'm1'], hours: '1' }, /^server: write NAME\/VCPUS\/MIB, /],
  ])('says what is wrong with %j', async (parameters, error) => {
    const answer = await ask(parameters);
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ error: string }>().error).toMatch(error);
  });
});
