import { z } from 'zod';
import { MS_PER_HOUR, unitOfResource } from '../../../../prometheus/usage-metrics.ts';
import type { Bill, BillRow, MarkedRow, UnpricedRow } from '../../../accounts/charges/bill.ts';
import { exactText, rounded } from '../../../accounts/charges/fraction.ts';
import type { PriceBook } from '../../../accounts/charges/price-book.ts';
import { denominatorsOf } from '../../../accounts/charges/units.ts';
import { isoOf, rowsText } from '../rows.ts';

const instant = z.string().meta({ format: 'date-time' });

const amount = {
  charge: z.string().meta({ description: 'A decimal, rounded once as the price book says' }),
  charge_exact: z.string().meta({ description: 'The exact amount, as a fraction in lowest terms' }),
  unit: z.string().meta({ examples: ['EUR', 'credits'] }),
  price_book: z.string(),
};

export const owner = {
  institution: z
    .string()
    .nullable()
    .optional()
    .meta({ description: 'That of the account, or the account itself if it names none' }),
  account: z.string().nullable().optional().meta({ description: 'Null for usage without an account' }),
  grant: z.string().nullable().optional().meta({ description: 'Null for usage without a grant' }),
  site: z.string().optional(),
  cloud: z.string().optional(),
  project_id: z.string().optional(),
  project_name: z.string().optional(),
  resource: z.string().optional(),
  flavor: z.string().optional().meta({ description: 'The label of the flavor' }),
  state: z.string().optional(),
  start: instant.meta({ description: 'Start of the step, UTC' }),
};

const used = {
  usage: z.number().meta({ description: 'Amount × hours' }),
  usage_unit: z.string().meta({ examples: ['vCPU-hours'] }),
};

export const chargeAmount = z.object(amount);
const chargeRow = z.object({
  ...owner,
  price: z.string().optional().meta({ description: 'The name of the price' }),
  prices_from: instant.optional().meta({ description: 'When the version of the price book begins' }),
  why: z
    .string()
    .optional()
    .meta({ description: 'How the price applies', examples: ['2 × 1024 mb at 0.3'] }),
  usage: used.usage.optional(),
  usage_unit: used.usage_unit.optional(),
  ...amount,
});
type ChargeRow = z.output<typeof chargeRow>;

const unpricedRow = z.object({ ...owner, ...used, reason: z.string() });

const markedRow = unpricedRow.extend({ mark: z.string().meta({ description: 'Name of the mark' }) });

export const lists = {
  not_charged: z
    .array(markedRow)
    .meta({ description: 'Usage under a mark, which costs nothing, with the reason' }),
  not_priced: z.array(unpricedRow).meta({ description: 'Usage that nothing charges, with the reason' }),
  unused_prices: z
    .array(z.object({ price_book: z.string(), from: instant, price: z.string() }))
    .meta({ description: 'Prices that counted in the time, and match no usage of the answer' }),
};

export const chargesAnswer = z.object({
  data: z.array(chargeRow),
  next: z.null(),
  totals: z.array(chargeAmount).meta({ description: 'The sum of all rows of each price book' }),
  ...lists,
});

export type ChargesAnswer = z.output<typeof chargesAnswer>;

/** The JSON of a `ChargesAnswer`. Other work has turns meanwhile. */
export async function chargesText(bill: Bill): Promise<string> {
  const texts = [
    `"data":[${await rowsText(bill.rows, chargeRowOf)}],"next":null`,
    `"totals":${JSON.stringify(bill.totals.map(amountOf))}`,
    ...(await listTexts(bill)),
  ];
  return `{${texts.join(',')}}`;
}

/** The JSON of `lists`, a text for each. */
export async function listTexts({ unpriced, marked, unused }: Bill): Promise<string[]> {
  return [
    `"not_charged":[${await rowsText(marked, markedRowOf)}]`,
    `"not_priced":[${await rowsText(unpriced, unpricedRowOf)}]`,
    `"unused_prices":${JSON.stringify(unused.map(unusedOf))}`,
  ];
}

function unusedOf({ book, from, price }: Bill['unused'][number]) {
  return { price_book: book.name, from: isoOf(Date.parse(from)), price };
}

export function chargeRowOf(row: BillRow): ChargeRow {
  const { price, resource = '' } = row;
  return {
    ...ownerOf(row),
    ...(price === undefined
      ? {}
      : {
          price: price.name,
          prices_from: isoOf(Date.parse(price.from)),
          why: price.why,
          ...usageOf(resource, price.amountMs),
        }),
    ...amountOf(row),
  };
}

export function unpricedRowOf(row: UnpricedRow): z.output<typeof unpricedRow> {
  return { ...ownerOf(row), ...usageOf(row.resource, row.amountMs), reason: row.reason };
}

export function markedRowOf(row: MarkedRow): z.output<typeof markedRow> {
  return { ...unpricedRowOf(row), mark: row.mark };
}

export function ownerOf(row: Omit<BillRow, 'book' | 'charge'>) {
  return {
    institution: row.institution,
    account: row.account,
    grant: row.grant,
    site: row.site,
    cloud: row.cloud,
    project_id: row.projectId,
    project_name: row.projectName,
    resource: row.resource,
    flavor: row.flavor,
    state: row.state,
    start: isoOf(row.startMs),
  };
}

function usageOf(resource: string, amountMs: bigint) {
  return { usage: Number(amountMs) / MS_PER_HOUR, usage_unit: unitOfResource(resource) };
}

export function amountOf({
  book,
  charge,
}: {
  book: PriceBook;
  charge: bigint;
}): z.output<typeof chargeAmount> {
  const fraction = { numerator: charge, denominator: denominatorsOf(book).charge };
  return {
    charge: rounded(fraction, book.scale, book.rounding),
    charge_exact: exactText(fraction),
    unit: book.unit,
    price_book: book.name,
  };
}
