import { z } from 'zod';
import type { PastVersion } from '../../accounts/accounts.ts';
import type { AccountDocument } from '../../accounts/grants/documents.ts';
import type { DocumentVersion } from '../../accounts/grants/stored.ts';

const instant = z.string().meta({ format: 'date-time' });

export const accountRow = z.object({
  name: z.string(),
  institution: z.string().nullable(),
  cost_centre: z.string().nullable(),
  time_zone: z.string(),
  contacts: z.array(z.string()).meta({ description: 'Ids of people' }),
  version: z.number().meta({ description: 'The ETag is this number in quotes' }),
  changed_at: instant,
  author: z.string().meta({ description: 'Who wrote this version' }),
});

type AccountRow = z.output<typeof accountRow>;

export function accountRowOf({
  document,
  version,
  changedMs,
  author,
}: DocumentVersion<AccountDocument>): AccountRow {
  const { name, institution = null, cost_centre = null, time_zone, contacts } = document;
  return {
    name,
    institution,
    cost_centre,
    time_zone,
    contacts,
    version,
    changed_at: isoOf(changedMs),
    author,
  };
}

export const versionRow = z.object({
  version: z.number(),
  at: instant,
  author: z.string(),
  origin: z.string().meta({ description: 'The way by which the change came: command or API' }),
  changes: z.array(z.string()).meta({ description: 'What the version changed, in words' }),
});

type VersionRow = z.output<typeof versionRow>;

export function versionRowOf({ version, atMs, author, origin, words }: PastVersion): VersionRow {
  return { version, at: isoOf(atMs), author, origin, changes: [...words] };
}

export const putAnswer = z.object({
  name: z.string(),
  version: z.number().meta({ description: 'The ETag is this number in quotes' }),
});

export const changesAnswer = z.object({
  changes: z.array(z.string()).meta({ description: 'What changed, in words; empty if nothing did' }),
});

/** The documents have their own schema, which reads them; an answer writes them as they are. */
export const fileAnswer = z.object({
  person: z.array(z.looseObject({ id: z.string() })),
  account: z.array(z.looseObject({ name: z.string() })),
  grant: z.array(z.looseObject({ name: z.string() })),
});

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
