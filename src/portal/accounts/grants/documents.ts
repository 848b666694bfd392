/**
 * The documents of grants, accounts and people: one shape for files, for bodies of the API and for the database. Parsing
 * gives each value its one form, so two documents that mean the same are equal as JSON.
 */
import { z } from 'zod';
import { strictTable } from '../../../runtime/settings/strict-table.ts';
import {
  amountField,
  hourField,
  instantField,
  instantOf,
  lineField,
  nameField,
  resourceName,
  tablesOf,
  timeZoneField,
} from '../fields.ts';
import { CHARGE } from '../charges/price-book.ts';
import { priceBookTables } from '../price-books/documents.ts';
import { markTables } from './marks.ts';

/** The largest numbers of parts, so that one file cannot fill the database. */
const MOST = {
  grants: 20_000,
  people: 100_000,
  projects: 10_000,
  members: 1_000,
  allowances: 1_000,
  labels: 50,
  books: 200,
};

const personId = nameField('write the id of the person');
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
  resource: resourceName.describe('a resource; or "charge", with a price_book'),
  price_book: nameField('name a price book').optional().describe('the book in whose unit the amount is'),
  amount: amountField.describe('amount × hours of the resource, such as vCPU-hours'),
  kind: z.enum(['initial', 'top-up', 'cut'], { error: 'must be "initial", "top-up" or "cut"' }),
  at: instantField.optional().describe('when it begins to count; without it, when it is written'),
  reason: lineField(500),
}).superRefine(({ resource, price_book }, context) => {
  const fault = (message: string) => {
    context.addIssue({ code: 'custom', path: ['price_book'], message });
  };
  if (resource === CHARGE && price_book === undefined) fault('missing; name the book that charges');
  if (resource !== CHARGE && price_book !== undefined)
    fault(`is for resource = "${CHARGE}"; remove it, or write that`);
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

const billingBook = strictTable({
  book: nameField('name a price book'),
  from: hourField.describe('the first hour that it charges'),
});

export const accountDocument = strictTable({
  name: nameField('give the account a name, such as "university"'),
  institution: lineField(500).optional(),
  cost_centre: lineField(100).optional(),
  time_zone: timeZoneField.default('UTC').describe('the civil time zone of its months'),
  contacts: listOf(personId, MOST.members, '["p-17"]').describe('ids of people'),
  price_books: z
    .array(billingBook, { error: 'must be a list such as [{ book = "credits", from = 2026-01-01 }]' })
    .max(MOST.books, `has more than ${MOST.books} items`)
    .refine(
      (books) => books.every(({ from }, index) => index === 0 || from > (books[index - 1]?.from ?? '')),
      'must stand in order of time: each from is after the one before',
    )
    .optional()
    .describe('the price book that charges its grants, from a date on'),
});

export type AccountDocument = z.output<typeof accountDocument>;

const personDocument = strictTable({
  id: personId.describe('a pseudonym: it stays in the history when the person is erased'),
  name: lineField(200).optional(),
  mail: lineField(320)
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be an address such as ada@example.org')
    .optional()
    .meta({ examples: ['ada@example.org'] }),
});

export type PersonDocument = z.output<typeof personDocument>;

/** The tables of a file. */
export const grantTables = {
  person: tablesOf('person', personDocument, MOST.people, 'id'),
  account: tablesOf('account', accountDocument, MOST.grants, 'name'),
  grant: tablesOf('grant', grantDocument, MOST.grants, 'name'),
  ...priceBookTables,
  ...markTables,
};

export const grantsFile = strictTable(grantTables);

/** All that a file says about people, accounts, grants, price books and marks. */
export type GrantsFile = z.output<typeof grantsFile>;
