/**
 * The documents of grants, accounts and people: one shape for files, for bodies of the API and for the database. Parsing
 * gives each value its one form, so two documents that mean the same are equal as JSON.
 */
import { z } from 'zod';
import { isKnownResource, RESOURCE_NAMES } from '../../../prometheus/usage-metrics.ts';
import { nearestName, strictTable } from '../../../runtime/settings/strict-table.ts';
import {
  amountField,
  hourField,
  instantField,
  instantOf,
  lineField,
  nameField,
  timeZoneField,
} from './fields.ts';

/** The largest numbers of parts, so that one file cannot fill the database. */
const MOST = {
  grants: 20_000,
  people: 100_000,
  projects: 10_000,
  members: 1_000,
  allowances: 1_000,
  labels: 50,
};

const personId = nameField('write the id of the person');
const resourceName = z
  .string({ error: 'missing; name a resource, such as "vcpu"' })
  .regex(/^[a-z0-9][a-z0-9_]{0,62}$/, 'must be the name of a resource, such as "vcpu"')
  .superRefine((name, context) => {
    // A site may meter resources that stackmeter does not know, but not with nearly the name of one that it knows.
    const nearest = isKnownResource(name) ? undefined : nearestName(name, RESOURCE_NAMES);
    if (nearest !== undefined)
      context.addIssue({ code: 'custom', message: `unknown resource '${name}'; did you mean '${nearest}'?` });
  });

interface Period {
  from?: string | undefined;
  to?: string | undefined;
}

/** Adds the rule that a period has an hour at least. */
function withPeriod<T extends z.ZodType<Period>>(table: T) {
  return table.superRefine(({ from, to }, context) => {
    if (from !== undefined && to !== undefined && instantOf(to) <= instantOf(from))
      context.addIssue({
        code: 'custom',
        path: ['to'],
        message: `must be after from (${from}); to is the first hour that does not count`,
      });
  });
}

function listOf<T extends z.ZodType>(item: T, most: number, example: string) {
  return z
    .array(item, { error: `must be a list such as ${example}` })
    .max(most, `has more than ${most} items`)
    .default([]);
}

const projectTable = withPeriod(
  strictTable({
    site: nameField('name the site that the project is at').describe('site of the project'),
    id: z
      .string({ error: 'missing; write the id of the project in OpenStack' })
      .min(1, 'is empty')
      .max(1100, 'is longer than 1100 characters')
      .describe('id of the project; POOL/PART for a part of a pool project'),
    cloud: z
      .string({ error: 'must be text: the value of the label cloud, such as "north"' })
      .max(512, 'is longer than 512 characters')
      .optional()
      .describe('cloud of the project; without it, every cloud of the site'),
    from: hourField
      .optional()
      .describe('the first hour that counts; without it, from the start of the grant'),
    to: hourField
      .optional()
      .describe('the first hour that does not count any more; without it, to the end of the grant'),
  }),
);

const memberTable = strictTable({
  person: personId,
  role: z.enum(['lead', 'member'], { error: 'must be "lead" or "member"' }),
});

const allowanceTable = strictTable({
  resource: resourceName,
  amount: amountField.describe('amount × hours of the resource, such as vCPU-hours'),
  kind: z.enum(['initial', 'top-up', 'cut'], { error: 'must be "initial", "top-up" or "cut"' }),
  at: instantField.optional().describe('when it begins to count; without it, when it is written'),
  reason: lineField(500),
});

const labelKey = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/);

export const grantDocument = withPeriod(
  strictTable({
    name: nameField('give the grant a name, such as "climate"').describe('name of the grant'),
    title: lineField(500).optional(),
    account: nameField('name an account').optional().describe('the account that answers for the grant'),
    from: hourField.optional().describe('the first hour of the grant; without it, open'),
    to: hourField.optional().describe('the first hour after the grant; without it, open'),
    projects: listOf(projectTable, MOST.projects, '[{ site = "site-a", id = "0f6c…" }]'),
    people: listOf(memberTable, MOST.members, '[{ person = "p-17", role = "lead" }]'),
    labels: z
      .record(labelKey, lineField(500), {
        error: (issue) =>
          issue.code === 'invalid_key'
            ? 'must be 1 to 63 letters, digits and . _ -, and begin with a letter'
            : 'must be a table such as { field = "climate science" }',
      })
      .refine((labels) => Object.keys(labels).length <= MOST.labels, `has more than ${MOST.labels} labels`)
      .default({}),
    allowances: listOf(
      allowanceTable,
      MOST.allowances,
      '[{ resource = "vcpu", amount = 1000, kind = "initial", reason = "…" }]',
    ),
  }),
).superRefine(({ people }, context) => {
  const index = people.findIndex(
    ({ person }, at) => people.findIndex((other) => other.person === person) < at,
  );
  if (index >= 0)
    context.addIssue({
      code: 'custom',
      path: ['people', index, 'person'],
      message: `'${people[index]?.person}' is in the list already`,
    });
});

export type GrantDocument = z.output<typeof grantDocument>;
export type ProjectDocument = GrantDocument['projects'][number];
export type AllowanceDocument = GrantDocument['allowances'][number];

/** The parts of a grant. A file that cannot say one leaves it as it is. */
export const grantParts = [
  'title',
  'account',
  'from',
  'to',
  'projects',
  'people',
  'labels',
  'allowances',
] as const satisfies readonly (keyof GrantDocument)[];

export type GrantPart = (typeof grantParts)[number];

export const accountDocument = strictTable({
  name: nameField('give the account a name, such as "university"'),
  institution: lineField(500).optional(),
  cost_centre: lineField(100).optional(),
  time_zone: timeZoneField.default('UTC').describe('the civil time zone of its months'),
  contacts: listOf(personId, MOST.members, '["p-17"]').describe('ids of people'),
});

export type AccountDocument = z.output<typeof accountDocument>;

const personDocument = strictTable({
  id: personId.describe('a pseudonym: it stays in the history when the person is erased'),
  name: lineField(200).optional(),
  mail: lineField(320)
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be an address such as ada@example.org')
    .optional(),
});

export type PersonDocument = z.output<typeof personDocument>;

/** The tables of a file. */
export const grantTables = {
  person: tablesOf('person', personDocument, MOST.people, 'id'),
  account: tablesOf('account', accountDocument, MOST.grants, 'name'),
  grant: tablesOf('grant', grantDocument, MOST.grants, 'name'),
};

export const grantsFile = strictTable(grantTables);

/** All that a file says about people, accounts and grants. */
export type GrantsFile = z.output<typeof grantsFile>;

function tablesOf<T extends z.ZodType<object>>(word: string, table: T, most: number, key: string) {
  return z
    .array(table, { error: `write [[${word}]], with double brackets, once for each ${word}` })
    .max(most, `has more than ${most} tables`)
    .superRefine((tables, context) => {
      const seen = new Set<unknown>();
      for (const [index, one] of tables.entries()) {
        const identity = (one as Record<string, unknown>)[key];
        if (seen.has(identity))
          context.addIssue({
            code: 'custom',
            path: [index, key],
            message: `there are two of '${String(identity)}'; give each a ${key} of its own`,
          });
        seen.add(identity);
      }
    })
    .default([]);
}
