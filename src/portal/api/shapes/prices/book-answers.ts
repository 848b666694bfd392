import { z } from 'zod';
import { myTurn } from '../../../../runtime/in-turns.ts';
import { ROUNDINGS } from '../../../accounts/charges/price-book.ts';
import type { DocumentVersion, PublishedVersion, StoredBook } from '../../../accounts/grants/stored.ts';
import { versionDifference, versionWords } from '../../../accounts/price-books/words.ts';
import { isoOf, rowsText } from '../rows.ts';

const instant = z.string().meta({ format: 'date-time' });
const price = z.looseObject({});

export const bookRow = z.object({
  name: z.string(),
  unit: z.string().meta({ description: 'A currency, or a unit of its own', examples: ['EUR', 'credits'] }),
  scale: z.number().meta({ description: 'Decimal places of shown amounts' }),
  rounding: z.enum(ROUNDINGS),
  versions: z.array(
    z.object({
      from: instant.meta({ description: 'The first hour of these prices' }),
      reason: z.string().nullable(),
      author: z.string(),
      written_at: instant.meta({ description: 'When it was published' }),
      words: z.array(z.string()).meta({ description: 'The prices in words' }),
      prices: z
        .array(z.object({ price: z.string(), words: z.string(), limits: z.array(z.string()) }))
        .meta({ description: 'The same, with what each price leaves out' }),
      changes: z.array(z.string()).meta({ description: 'Its difference from the version before it' }),
      document: z
        .object({
          server: z.array(price),
          states: z.record(z.string(), z.string()),
          resource: z.array(price),
          fallback: z.array(price),
        })
        .meta({ description: 'The prices as in a file' }),
    }),
  ),
  version: z.number().meta({ description: 'The ETag is this number in quotes' }),
  changed_at: instant,
  author: z.string(),
});

export type BookRow = z.output<typeof bookRow>;

/** Some milliseconds of work: a version may have hundreds of prices. */
const VERSIONS_AT_ONCE = 1;

/** The JSON of a `BookRow`. Other work has turns between its versions. Throws the reason of `gone`. */
export async function bookText(book: DocumentVersion<StoredBook>, gone?: AbortSignal): Promise<string> {
  const { document, version, changedMs, author } = book;
  const { name, unit, scale, rounding } = document;
  const versions = document.version.map((one, index) => ({ one, before: document.version[index - 1] }));
  const row = { name, unit, scale, rounding, version, changed_at: isoOf(changedMs), author };
  const text = await rowsText(versions, versionRowOf, VERSIONS_AT_ONCE, gone);
  return `{"versions":[${text}],${JSON.stringify(row).slice(1)}`;
}

/** The JSON of a page with all these books. Other work has turns meanwhile. Throws the reason of `gone`. */
export async function booksText(
  books: readonly DocumentVersion<StoredBook>[],
  gone?: AbortSignal,
): Promise<string> {
  const texts: string[] = [];
  for (const book of books) {
    if (texts.length > 0) await myTurn(gone);
    texts.push(await bookText(book, gone));
  }
  return `{"data":[${texts.join(',')}],"next":null}`;
}

function versionRowOf({
  one,
  before,
}: {
  one: PublishedVersion;
  before: PublishedVersion | undefined;
}): BookRow['versions'][number] {
  const prices = versionWords(one);
  return {
    from: isoOf(Date.parse(one.from)),
    reason: one.reason ?? null,
    author: one.author,
    written_at: isoOf(Date.parse(one.written)),
    words: prices.map(({ price: named, words }) => `${named}: ${words}`),
    prices: prices.map((each) => ({ ...each, limits: [...each.limits] })),
    changes: before === undefined ? [] : versionDifference(before, one),
    document: {
      server: one.server.map((each) => ({ ...each })),
      states: one.states,
      resource: one.resource.map((each) => ({ ...each })),
      fallback: one.fallback.map((each) => ({ ...each })),
    },
  };
}
