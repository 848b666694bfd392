import { z } from 'zod';
import type { PastVersion } from '../../accounts/accounts.ts';
import type { AccountDocument } from '../../accounts/grants/documents.ts';
import type { DocumentVersion } from '../../accounts/grants/stored.ts';

const instant = z.string().meta({ format: 'date-time', examples: ['2026-10-01T00:00:00.000Z'] });
const authorName = z.string().meta({ description: 'Who wrote this version', examples: ['token report'] });
const versionNumber = z.number().meta({ description: 'The ETag is this number in quotes', examples: [4] });

export const accountRow = z.object({
  name: z.string().meta({ examples: ['university'] }),
  institution: z
    .string()
    .nullable()
    .meta({ examples: ['Universität Gießen'] }),
  cost_centre: z
    .string()
    .nullable()
    .meta({ examples: ['cc-4711'] }),
  time_zone: z.string().meta({ examples: ['Europe/Berlin'] }),
  contacts: z.array(z.string()).meta({ description: 'Ids of people', examples: [['p-17']] }),
  price_books: z
    .array(z.object({ book: z.string().meta({ examples: ['science'] }), from: instant }))
    .meta({ description: 'The price book that charges its grants, from each of these times on' }),
  version: versionNumber,
  changed_at: instant,
  author: authorName,
});

export type AccountRow = z.output<typeof accountRow>;

export function accountRowOf({
  document,
  version,
  changedMs,
  author,
}: DocumentVersion<AccountDocument>): AccountRow {
  const { name, institution = null, cost_centre = null, time_zone, contacts, price_books = [] } = document;
  return {
    name,
    institution,
    cost_centre,
    time_zone,
    contacts,
    price_books,
    version,
    changed_at: isoOf(changedMs),
    author,
  };
}

export const versionRow = z.object({
  version: versionNumber,
  at: instant,
  author: authorName,
  origin: z
    .string()
    .meta({ description: 'The way by which the change came: command or API', examples: ['API'] }),
  changes: z
    .array(z.string())
    .meta({ description: 'What the version changed, in words', examples: [['title "A" → "B"']] }),
});

type VersionRow = z.output<typeof versionRow>;

export function versionRowOf({ version, atMs, author, origin, words }: PastVersion): VersionRow {
  return { version, at: isoOf(atMs), author, origin, changes: [...words] };
}

export const putAnswer = z.object({
  name: z.string().meta({ examples: ['climate'] }),
  version: versionNumber,
});

export const changesAnswer = z.object({
  changes: z.array(z.string()).meta({
    description: 'What changed, in words; empty if nothing did',
    examples: [['grant climate is new']],
  }),
});

/** The documents have their own schema, which reads them; an answer writes them as they are. */
export const fileAnswer = z.object({
  person: z.array(z.looseObject({ id: z.string() })),
  account: z.array(z.looseObject({ name: z.string() })),
  grant: z.array(z.looseObject({ name: z.string() })),
  price_book: z.array(z.looseObject({ name: z.string() })),
  mark: z.array(z.looseObject({ name: z.string() })),
});

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
