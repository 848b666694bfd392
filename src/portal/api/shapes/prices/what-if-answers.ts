import { z } from 'zod';
import { eachInSteps, type Steps } from '../../../../prometheus/steps.ts';
import { inTurns } from '../../../../runtime/in-turns.ts';
import type { Bill, BillRow } from '../../../accounts/charges/bill.ts';
import { difference, exactText, rounded } from '../../../accounts/charges/fraction.ts';
import type { PriceBook } from '../../../accounts/charges/price-book.ts';
import { denominatorsOf } from '../../../accounts/charges/units.ts';
import { rowsText } from '../rows.ts';
import { amountOf, chargeAmount, lists, listTexts, owner, ownerOf } from './charge-answers.ts';

const sides = {
  charged: z.array(chargeAmount).meta({ description: 'By the price books of the accounts' }),
  what_if: chargeAmount.nullable().meta({ description: 'By the price book of the question' }),
  difference: z
    .string()
    .nullable()
    .meta({ description: '`what_if` minus `charged`, rounded once; null if their units differ' }),
  difference_exact: z.string().nullable(),
};

export const whatIfAnswer = z.object({
  data: z.array(z.object({ ...owner, ...sides })),
  next: z.null(),
  totals: z.object(sides),
  ...lists,
});

export type WhatIfAnswer = z.output<typeof whatIfAnswer>;

/** A sum of charges by a book. */
type Amount = Pick<BillRow, 'book' | 'charge'>;

/** Some milliseconds of work: exact differences have denominators of many digits. */
const ROWS_AT_ONCE = 100;

/** A row of both bills. */
interface Sides {
  row: BillRow;
  charged: Amount[];
  whatIf?: Amount;
}

/**
 * The JSON of a `WhatIfAnswer`, both bills side by side: what was charged, and what the same usage costs by another book. Other
 * work has turns meanwhile.
 */
export async function whatIfText(charged: Bill, whatIf: Bill, book: PriceBook): Promise<string> {
  const rows = await inTurns(sidesOf(charged, whatIf));
  const rowOf = ({ row, ...one }: Sides) => ({
    ...ownerOf(row),
    ...sideBySide(one.charged, one.whatIf, book),
  });
  const texts = [
    `"data":[${await rowsText(rows, rowOf, ROWS_AT_ONCE)}],"next":null`,
    `"totals":${JSON.stringify(sideBySide(charged.totals, whatIf.totals[0], book))}`,
    ...(await listTexts(whatIf)),
  ];
  return `{${texts.join(',')}}`;
}

function* sidesOf(charged: Bill, whatIf: Bill): Steps<Sides[]> {
  const rows = new Map<string, Sides>();
  const sidesWith = (row: BillRow) => {
    const key = JSON.stringify(ownerOf(row));
    const found = rows.get(key) ?? { row, charged: [] };
    rows.set(key, found);
    return found;
  };
  yield* eachInSteps(charged.rows, (row) => void sidesWith(row).charged.push(row));
  yield* eachInSteps(whatIf.rows, (row) => void (sidesWith(row).whatIf = row));
  return [...rows.values()];
}

function sideBySide(charged: readonly Amount[], whatIf: Amount | undefined, book: PriceBook) {
  const sameUnit = charged.every((one) => one.book.unit === book.unit);
  const change = charged.map(fractionOf).reduce(difference, fractionOf(whatIf ?? { book, charge: 0n }));
  return {
    charged: charged.map(amountOf),
    what_if: whatIf === undefined ? null : amountOf(whatIf),
    difference: sameUnit ? rounded(change, book.scale, book.rounding) : null,
    difference_exact: sameUnit ? exactText(change) : null,
  };
}

function fractionOf({ book, charge }: Amount) {
  return { numerator: charge, denominator: denominatorsOf(book).charge };
}
