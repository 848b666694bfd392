import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { billSteps, type OwnedUsage } from '../../src/portal/accounts/charges/bill.ts';
import { billingByBook } from '../../src/portal/accounts/charges/billing.ts';
import type { PriceBook } from '../../src/portal/accounts/charges/price-book.ts';
import { parsedTables } from '../../src/portal/accounts/grants/toml-file.ts';
import { priceBooksFile } from '../../src/portal/accounts/price-books/documents.ts';
import { bookText, type BookRow } from '../../src/portal/api/shapes/prices/book-answers.ts';
import { chargesText, type ChargesAnswer } from '../../src/portal/api/shapes/prices/charge-answers.ts';
import { whatIfText, type WhatIfAnswer } from '../../src/portal/api/shapes/prices/what-if-answers.ts';
import { atOnce } from '../../src/prometheus/steps.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 21);

/** The first price book below a heading of docs/prices.md. */
export function documentedBook(heading: string): PriceBook {
  const [, text = ''] = readFileSync('docs/prices.md', 'utf8').split(new RegExp(`^#+ ${heading}\n`, 'm'));
  const toml = /```toml\n([^]*?)```/.exec(text)?.[1] ?? '';
  const [book] = parsedTables(priceBooksFile, parse(toml), heading).price_book;
  if (book === undefined) throw new Error(`docs/prices.md has no book below ${heading}`);
  return book;
}

/** The answer of the API about a published book. */
export async function cannedBook(document: PriceBook): Promise<BookRow> {
  const version = document.version.map((one) => ({
    ...one,
    reason: one.reason ?? 'call 7',
    author: 'ada',
    written: '2025-11-01T09:30:00Z',
  }));
  const text = await bookText({
    document: { ...document, version },
    version: 2,
    changedMs: 0,
    author: 'ada',
  });
  return JSON.parse(text) as BookRow;
}

/** Two price books, and what usage was charged by one and would cost by the other. */
export async function cannedPrices(): Promise<{ books: BookRow[]; whatIf: WhatIfAnswer }> {
  const [charged, whatIf] = [documentedBook('NERC'), documentedBook('Jetstream2')];
  const usage = [
    { flavor: 'm3.medium/8/30720/60/0/0/0', hours: 500, state: 'stopped' },
    { flavor: 'other/8/30720/60/0/0/0', hours: 20 },
  ];
  return {
    books: [await cannedBook(charged), await cannedBook(whatIf)],
    whatIf: await cannedWhatIf(charged, whatIf, usage),
  };
}

/** Hours of servers of a flavor in a state, or an amount × hours of a resource. */
export type CannedUsage =
  { flavor: string; hours: number; state?: string } | { resource: string; hours: number };

function ownedUsage(usage: readonly CannedUsage[]): OwnedUsage[] {
  return usage.map(({ hours, ...one }) => ({
    site: 'freiburg',
    grant: 'climate',
    ...('flavor' in one ? { resource: 'server', flavor: one.flavor, state: one.state ?? 'active' } : one),
    startMs: START_MS,
    stepMs: START_MS,
    amountMs: BigInt(Math.round(hours * 10)) * BigInt(HOUR_MS / 10),
  }));
}

function billOf(book: PriceBook, usage: readonly CannedUsage[], by: 'price' | 'grant') {
  return atOnce(billSteps(ownedUsage(usage), new Set([by]), billingByBook(book, [])));
}

/** The answer of the API about the charges of usage by a book. */
export async function cannedCharges(book: PriceBook, usage: readonly CannedUsage[]): Promise<ChargesAnswer> {
  return JSON.parse(await chargesText(billOf(book, usage, 'price'))) as ChargesAnswer;
}

export async function cannedWhatIf(
  charged: PriceBook,
  whatIf: PriceBook,
  usage: readonly CannedUsage[],
): Promise<WhatIfAnswer> {
  const bills = [billOf(charged, usage, 'grant'), billOf(whatIf, usage, 'grant')] as const;
  return JSON.parse(await whatIfText(...bills, whatIf)) as WhatIfAnswer;
}
