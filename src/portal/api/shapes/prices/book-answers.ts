import { z } from 'zod';
import { ROUNDINGS } from '../../../accounts/charges/price-book.ts';
import type { DocumentVersion, StoredBook } from '../../../accounts/grants/stored.ts';
import { versionDifference, versionWords } from '../../../accounts/price-books/words.ts';
import { isoOf } from '../rows.ts';

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

export function bookRowOf({ document, version, changedMs, author }: DocumentVersion<StoredBook>): BookRow {
  const { name, unit, scale, rounding } = document;
  return {
    name,
    unit,
    scale,
    rounding,
    versions: document.version.map((one, index) => ({
      from: isoOf(Date.parse(one.from)),
      reason: one.reason ?? null,
      author: one.author,
      written_at: isoOf(Date.parse(one.written)),
      words: versionWords(one).map(({ price: named, words }) => `${named}: ${words}`),
      prices: versionWords(one).map((each) => ({ ...each, limits: [...each.limits] })),
      changes: index === 0 ? [] : versionDifference(document.version[index - 1], one),
      document: {
        server: one.server.map((each) => ({ ...each })),
        states: one.states,
        resource: one.resource.map((each) => ({ ...each })),
        fallback: one.fallback.map((each) => ({ ...each })),
      },
    })),
    version,
    changed_at: isoOf(changedMs),
    author,
  };
}
