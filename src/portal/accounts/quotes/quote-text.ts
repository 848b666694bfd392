import { priceWords } from '../charges/charge.ts';
import { exactText, rounded, shortText, type Fraction } from '../charges/fraction.ts';
import type { ChargeLine, LineUsage } from '../charges/lines.ts';
import { timeWords } from '../wording.ts';
import { MS_PER_HOUR, unitOfResource } from '../../../prometheus/usage-metrics.ts';
import { aligned } from '../../../runtime/text/columns.ts';
import { csvLine } from '../../../runtime/text/csv.ts';
import type { Quote } from './quote.ts';

export const formats = { table: tableOf, csv: csvOf, json: jsonOf };
export type Format = keyof typeof formats;

const HOUR_PLACES = 2;

function hoursText(amountMs: bigint): string {
  return shortText({ numerator: amountMs, denominator: BigInt(MS_PER_HOUR) });
}

/** Each shown amount is rounded once, from the exact one. */
function moneyOf({ book, charges }: Quote, numerator: bigint): { amount: string; exact: string } {
  const fraction = { numerator, denominator: charges.denominators.charge };
  return { amount: rounded(fraction, book.scale, book.rounding), exact: exactText(fraction) };
}

function usageWords({ resource, flavor, state }: LineUsage): string {
  // Facts that are 0 need not be written, as in --server.
  return flavor === undefined ? resource : `${flavor.replace(/(?:\/0){1,4}$/, '')} ${state ?? ''}`;
}

/** Units × factors × hours, as far as the price goes by them. */
function unitHours({ charges: { denominators } }: Quote, { quantity, amountMs }: ChargeLine): string {
  return shortText({
    numerator: quantity * amountMs,
    denominator: denominators.quantity * BigInt(MS_PER_HOUR),
  });
}

/** The column with the amounts, which stand at the right. */
const AMOUNTS = new Set([4]);

function tableOf(quote: Quote): string {
  const { book, version, timeMs, charges, lasts } = quote;
  const rows = charges.lines.map((line) => [
    usageWords(line),
    `${hoursText(line.amountMs)} ${unitOfResource(line.resource)}`,
    priceWords(line.price, version),
    line.why,
    moneyOf(quote, line.charge).amount,
  ]);
  const total = [`total, ${book.unit}`, '', '', '', moneyOf(quote, charges.total).amount];
  const time = `${hoursText(timeMs)} ${timeMs === BigInt(MS_PER_HOUR) ? 'hour' : 'hours'}`;
  return [
    `${book.name}, prices from ${timeWords(Date.parse(version.from))}, ${time}`,
    '',
    ...aligned([...rows, total], AMOUNTS),
    '',
    ...(lasts === undefined ? [] : [`${lasts.amount} ${book.unit} last ${lastsText(lasts.hours)} hours`]),
    ...charges.unpriced.map(
      (usage) =>
        `not priced: ${usageWords(usage)}, ${hoursText(usage.amountMs)} ${unitOfResource(usage.resource)}: ${usage.reason}`,
    ),
    ...(charges.unused.length === 0
      ? []
      : [`prices that match nothing: ${charges.unused.map(({ price }) => price).join(', ')}`]),
  ]
    .join('\n')
    .replace(/\n*$/, '\n');
}

/** Rounded down: an amount never lasts longer than it is said to. */
function lastsText(hours: Fraction): string {
  return rounded(hours, HOUR_PLACES, 'down');
}

function csvOf(quote: Quote): string {
  const { book, version, charges, lasts } = quote;
  const priced = charges.lines.map((line) => {
    const { amount, exact } = moneyOf(quote, line.charge);
    const of = [line.resource, line.flavor ?? '', line.state ?? '', hoursText(line.amountMs)];
    return [
      'charge',
      ...of,
      priceWords(line.price, version),
      line.why,
      unitHours(quote, line),
      amount,
      exact,
      book.unit,
    ];
  });
  const unpriced = charges.unpriced.map(({ resource, flavor = '', state = '', amountMs, reason }) => [
    'not priced',
    resource,
    flavor,
    state,
    hoursText(amountMs),
    '',
    reason,
    '',
    '',
    '',
    '',
  ]);
  const total = moneyOf(quote, charges.total);
  return [
    [
      'row',
      'resource',
      'flavor',
      'state',
      'amount_hours',
      'price',
      'why',
      'unit_hours',
      'charge',
      'charge_exact',
      'unit',
    ],
    ...priced,
    ...unpriced,
    ['total', '', '', '', '', '', '', '', total.amount, total.exact, book.unit],
    ...(lasts === undefined
      ? []
      : [['lasts', '', '', '', lastsText(lasts.hours), '', '', '', lasts.amount, lasts.amount, book.unit]]),
  ]
    .map(csvLine)
    .join('');
}

function jsonOf(quote: Quote): string {
  return `${JSON.stringify(answerOf(quote), undefined, 2)}\n`;
}

/** The answer as an object, with exact amounts. */
export function answerOf(quote: Quote) {
  const { book, version, timeMs, charges, lasts } = quote;
  const total = moneyOf(quote, charges.total);
  return {
    price_book: book.name,
    from: version.from,
    unit: book.unit,
    hours: hoursText(timeMs),
    lines: charges.lines.map((line) => ({
      ...usageFields(line),
      price: priceWords(line.price, version),
      why: line.why,
      unit_hours: unitHours(quote, line),
      charge: moneyOf(quote, line.charge).amount,
      charge_exact: moneyOf(quote, line.charge).exact,
    })),
    total: total.amount,
    total_exact: total.exact,
    unpriced: charges.unpriced.map((usage) => ({ ...usageFields(usage), reason: usage.reason })),
    unused_prices: charges.unused.map(({ price }) => price),
    ...(lasts === undefined
      ? {}
      : {
          amount: lasts.amount,
          lasts_hours: lastsText(lasts.hours),
          lasts_hours_exact: exactText(lasts.hours),
        }),
  };
}

function usageFields({ resource, flavor, state, amountMs }: LineUsage) {
  return {
    resource,
    ...(flavor === undefined ? {} : { flavor, state }),
    amount_hours: hoursText(amountMs),
  };
}
