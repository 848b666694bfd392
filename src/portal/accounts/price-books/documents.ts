/** The documents of price books: one shape for files, for bodies of the API and for the database. */
import { z } from 'zod';
import { nearestName, strictTable } from '../../../runtime/settings/strict-table.ts';
import { ROUNDINGS, type PriceBook } from '../charges/price-book.ts';
import { PLACES } from '../charges/units.ts';
import { hourField, lineField, nameField, resourceName, tablesOf } from '../fields.ts';
import { decimalField, patternField, wholeField } from './fields.ts';
import { bookFaults, versionFaults } from './faults.ts';

const MOST = { books: 100, versions: 200, prices: 500, parts: 20, steps: 100 };

/** States in which Nova has servers, or `unknown`. */
const STATES = [
  'active',
  'building',
  'paused',
  'suspended',
  'stopped',
  'shelved',
  'shelved_offloaded',
  'resized',
  'rescued',
  'soft-delete',
  'error',
  'unknown',
];

const priceField = decimalField(PLACES.price, 'write the price of a unit × hour, such as "0.013"');
const factorField = decimalField(PLACES.factor, 'write a factor, such as 2 or "0.5"');
const siteField = nameField('name a site').optional();

/** Nova may get states that are not listed, but none with nearly the name of one that is. */
export const stateName = z.string().superRefine((state, context) => {
  const nearest = STATES.includes(state) ? undefined : nearestName(state, STATES);
  if (nearest !== undefined)
    context.addIssue({ code: 'custom', message: `unknown state '${state}'; did you mean '${nearest}'?` });
});

const unitPrice = strictTable({
  price: priceField,
  per: strictTable({
    vcpu: wholeField(1).optional(),
    mb: wholeField(1).optional(),
    disk_gb: wholeField(1).optional(),
    gpu: wholeField(1).optional(),
  }).default({}),
  whole_units: z.boolean('must be true or false').default(false),
  steps: z
    .array(
      strictTable({ above: wholeField(0), factor: factorField }),
      'must be a list such as [{ above = 2, factor = 2 }]',
    )
    .max(MOST.steps, `has more than ${MOST.steps} items`)
    .refine(
      (steps) => steps.every(({ above }, index) => index === 0 || above > (steps[index - 1]?.above ?? 0)),
      'must have ascending steps: each above is larger than the one before',
    )
    .default([]),
});

const serverPrice = strictTable({
  name: nameField('give the price a name, such as "A100"'),
  site: siteField,
  flavor: strictTable({
    name: patternField('m3.').optional(),
    gpu: patternField('a100').optional(),
    vcpu: wholeField(0).optional(),
    mb: wholeField(0).optional(),
    disk_gb: wholeField(0).optional(),
  }).default({}),
  sum: z
    .array(unitPrice, 'must be a list such as [{ price = 1, per = { vcpu = 1 } }]')
    .min(1, 'is empty; write a price, such as [{ price = 0 }] for servers that cost nothing')
    .max(MOST.parts, `has more than ${MOST.parts} items`),
});

const resourcePrice = strictTable({
  resource: resourceName.refine(
    (name) => name !== 'server',
    'must not be "server"; write [[price_book.version.server]]',
  ),
  site: siteField,
  per: wholeField(1).default(1),
  price: priceField,
});

function prices<T extends z.ZodType>(table: T, word: string) {
  return z
    .array(table, `write [[price_book.version.${word}]], once for each price`)
    .max(MOST.prices, `has more than ${MOST.prices} prices`)
    .default([]);
}

const bookVersion = strictTable({
  from: hourField,
  reason: lineField(500).optional().describe('why these prices; a portal asks for it'),
  server: prices(serverPrice, 'server'),
  states: z
    .record(stateName, factorField, {
      error: (issue) =>
        issue.code === 'invalid_key'
          ? (issue.issues[0]?.message ?? 'must be states of servers')
          : 'must be a table such as { stopped = "0.5" }',
    })
    .default({}),
  resource: prices(resourcePrice, 'resource'),
  fallback: prices(resourcePrice, 'fallback'),
}).superRefine((version, context) => {
  for (const fault of versionFaults(version)) context.addIssue({ code: 'custom', ...fault });
});

export const priceBookDocument = strictTable({
  name: nameField('give the price book a name, such as "credits-2026"'),
  unit: nameField('write a currency or a unit of your own, such as "EUR" or "credits"'),
  scale: z
    .int('must be a whole number: the decimal places of shown amounts')
    .min(0, 'must be 0 to 9')
    .max(9, 'must be 0 to 9'),
  rounding: z.enum(ROUNDINGS, `must be one of ${ROUNDINGS.map((mode) => `"${mode}"`).join(', ')}`),
  version: z
    .array(bookVersion, 'write [[price_book.version]] with a from and prices')
    .min(1, 'is empty; write [[price_book.version]] with a from and prices')
    .max(MOST.versions, `has more than ${MOST.versions} versions`),
}).superRefine((book: PriceBook, context) => {
  for (const fault of bookFaults(book)) context.addIssue({ code: 'custom', ...fault });
});

/** The tables of a file. */
export const priceBookTables = { price_book: tablesOf('price_book', priceBookDocument, MOST.books, 'name') };

export const priceBooksFile = strictTable(priceBookTables);
