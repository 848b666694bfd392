import { z } from 'zod';
import type { MarkDocument } from '../../../accounts/grants/marks.ts';
import type { DocumentVersion } from '../../../accounts/grants/stored.ts';
import { isoOf } from '../rows.ts';

const instant = z.string().meta({ format: 'date-time' });

export const markRow = z.object({
  name: z.string(),
  reason: z.string(),
  account: z.string().nullable(),
  site: z.string().nullable(),
  cloud: z.string().nullable(),
  project_id: z.string().nullable(),
  from: instant.meta({ description: 'The first hour that is not charged' }),
  to: instant.nullable().meta({ description: 'The first hour that is charged again; null means open' }),
  version: z.number().meta({ description: 'The ETag is this number in quotes' }),
  changed_at: instant,
  author: z.string(),
});

type MarkRow = z.output<typeof markRow>;

export function markRowOf({ document, version, changedMs, author }: DocumentVersion<MarkDocument>): MarkRow {
  const { name, reason, account = null, site = null, cloud = null, project = null, from, to } = document;
  return {
    name,
    reason,
    account,
    site,
    cloud,
    project_id: project,
    from: isoOf(Date.parse(from)),
    to: to === undefined ? null : isoOf(Date.parse(to)),
    version,
    changed_at: isoOf(changedMs),
    author,
  };
}
