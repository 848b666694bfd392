import { z } from 'zod';
import { strictTable } from '../../../runtime/settings/strict-table.ts';
import type { Mark } from '../charges/marks.ts';
import { hourField, instantOf, lineField, nameField, tablesOf } from '../fields.ts';
import { changed, quoted, timeOr } from '../wording.ts';

const MOST_MARKS = 20_000;

/** The documents of marks. */
export const markDocument = strictTable({
  name: nameField('give the mark a name, such as "outage-2026-05"'),
  reason: lineField(500).describe('why the usage is not charged'),
  account: nameField('name an account').optional().describe('the account whose usage is not charged'),
  site: nameField('name a site').optional().describe('the site whose usage is not charged'),
  cloud: z.string('must be text').max(512, 'is longer than 512 characters').optional(),
  project: z
    .string('must be the id of a project in OpenStack')
    .min(1, 'is empty')
    .max(1100, 'is longer than 1100 characters')
    .optional()
    .describe('only this project of the site'),
  from: hourField.describe('the first hour that is not charged'),
  to: hourField.optional().describe('the first hour that is charged again; without it, open'),
}).superRefine(({ account, site, cloud, project, from, to }, context) => {
  const fault = (path: string, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if (account === undefined && site === undefined) fault('site', 'missing; name a site or an account');
  if (account !== undefined && (site ?? cloud ?? project) !== undefined)
    fault('account', 'stands beside a site; a mark is for an account or for a site');
  if (to !== undefined && instantOf(to) <= instantOf(from))
    fault('to', `must be after from (${from}); to is the first hour that is charged again`);
});

export type MarkDocument = z.output<typeof markDocument>;

export const markTables = { mark: tablesOf('mark', markDocument, MOST_MARKS, 'name') };

export function markOfDocument({
  name,
  reason,
  account,
  site,
  cloud,
  project,
  from,
  to,
}: MarkDocument): Mark {
  return {
    name,
    reason,
    account,
    site,
    cloud,
    projectId: project,
    fromMs: instantOf(from),
    toMs: to === undefined ? Infinity : instantOf(to),
  };
}

/** What `after` changes, one line for each thing. Null means that the mark is removed. */
export function markDifference(
  name: string,
  before: MarkDocument | undefined,
  after: MarkDocument | null,
): string[] {
  const subject = `mark ${name}`;
  if (after === null) return before === undefined ? [] : [`${subject}: removed`];
  return [
    ...(before === undefined ? [`${subject}: new`] : []),
    ...[
      ...changed('reason', quoted(before?.reason), quoted(after.reason)),
      ...(['account', 'site', 'cloud', 'project'] as const).flatMap((key) =>
        changed(key, quoted(before?.[key]), quoted(after[key])),
      ),
      ...changed('from', timeOr(before?.from, 'none'), timeOr(after.from, 'none')),
      ...changed('to', timeOr(before?.to, 'open'), timeOr(after.to, 'open')),
    ].map((line) => `${subject}: ${line}`),
  ];
}
