import { eachInSteps, Pace, type Steps } from '../../../prometheus/steps.ts';
import type { Billing, Payer } from './billing.ts';
import { priced, priceWords, unusedOf, type Usage } from './charge.ts';
import type { ChargeLine, LineUsage } from './lines.ts';
import { markOf } from './marks.ts';
import type { BookVersion, PriceBook } from './price-book.ts';

/** What may get rows of its own, in the order of the columns. A price has the usage that it charged, with flavor and state. */
export const CHARGE_DIMENSIONS = [
  'institution',
  'account',
  'grant',
  'site',
  'cloud',
  'project',
  'resource',
  'flavor',
  'state',
  'price',
] as const;
export type ChargeDimension = (typeof CHARGE_DIMENSIONS)[number];
type Dimensions = ReadonlySet<ChargeDimension>;

/** Usage and whose it is. `startMs` is later than `stepMs` where prices begin within a step. */
export interface OwnedUsage extends Usage {
  stepMs: number;
  grant?: string | null | undefined;
  projectId?: string | undefined;
  projectName?: string | undefined;
}

/** The step of a row and whose it is, as far as the question asks. */
interface Owner {
  startMs: number;
  institution?: string | null | undefined;
  account?: string | null | undefined;
  grant?: string | null | undefined;
  site?: string | undefined;
  cloud?: string | undefined;
  projectId?: string | undefined;
  projectName?: string | undefined;
}

/** A sum of charges. */
export interface BillRow extends Owner {
  resource?: string | undefined;
  flavor?: string | undefined;
  state?: string | undefined;
  /** The price, and the usage that it charged. */
  price?: Pick<ChargeLine, 'from' | 'why' | 'amountMs'> & { name: string };
  book: PriceBook;
  /** Its denominator is that of the book. */
  charge: bigint;
}

export interface UnpricedRow extends Omit<Owner, 'site'>, LineUsage {
  reason: string;
}

/** Usage under a mark. */
export interface MarkedRow extends UnpricedRow {
  mark: string;
}

export interface Bill {
  rows: readonly BillRow[];
  /** One for each book. */
  totals: readonly { book: PriceBook; charge: bigint }[];
  unpriced: readonly UnpricedRow[];
  marked: readonly MarkedRow[];
  unused: readonly { book: PriceBook; from: string; price: string }[];
}

/** The usage of one owner that one book charges. */
interface Group {
  owner: Owner;
  book: PriceBook;
  usage: OwnedUsage[];
}

/** The charges of usage, and who pays. A year of a large portal by project takes seconds, so others have turns. */
export function* billSteps(usage: Iterable<OwnedUsage>, by: Dimensions, billing: Billing): Steps<Bill> {
  const unpriced = new Sums<UnpricedRow>(addUsage);
  const marked = new Sums<MarkedRow>(addUsage);
  const groups = yield* groupsOf(usage, by, billing, {
    unpriced: (row) => unpriced.add(unpricedKey(row), row),
    marked: (row) => marked.add(unpricedKey(row), row),
  });
  const rows = new Sums<BillRow>(addRow);
  const unused = new UnusedPrices();
  const pace = new Pace();
  for (const { owner, book, usage: own } of groups) {
    yield* pace.did(own.length);
    const charges = priced(own, book);
    unused.note(book, charges);
    for (const line of charges.lines) {
      const row = rowOf(owner, line, book, by);
      rows.add(rowKey(row), row);
    }
    for (const one of charges.unpriced) {
      const row = { ...owner, ...one };
      unpriced.add(unpricedKey(row), row);
    }
  }
  return {
    rows: rows.all(),
    totals: totalsOf(rows.all()),
    unpriced: unpriced.all().filter(({ amountMs }) => amountMs !== 0n),
    marked: marked.all(),
    unused: unused.all(),
  };
}

function* groupsOf(
  usage: Iterable<OwnedUsage>,
  by: Dimensions,
  { payerOf, marks }: Billing,
  without: { unpriced: (row: UnpricedRow) => void; marked: (row: MarkedRow) => void },
): Steps<Iterable<Group>> {
  const groups = new Map<string, Group>();
  yield* eachInSteps(usage, (row) => {
    const payer = payerOf(row.grant, row.startMs);
    const owner = ownerOf(row, payer, by);
    const mark = markOf(marks, { ...row, account: payer.account });
    if (mark !== undefined) {
      without.marked({ ...owner, ...usageOf(row), mark: mark.name, reason: mark.reason });
      return;
    }
    if ('reason' in payer) {
      without.unpriced({ ...owner, ...usageOf(row), reason: payer.reason });
      return;
    }
    const { book } = payer;
    const key = JSON.stringify([owner, book.name]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { owner, book, usage: [row] });
    else group.usage.push(row);
  });
  return groups.values();
}

function ownerOf(row: OwnedUsage, { account, institution }: Payer, by: Dimensions): Owner {
  return {
    startMs: row.stepMs,
    institution: by.has('institution') ? (institution ?? null) : undefined,
    account: by.has('account') ? (account ?? null) : undefined,
    grant: by.has('grant') ? row.grant : undefined,
    site: by.has('site') ? row.site : undefined,
    cloud: by.has('cloud') ? row.cloud : undefined,
    projectId: by.has('project') ? row.projectId : undefined,
    projectName: by.has('project') ? row.projectName : undefined,
  };
}

function usageOf({ site, resource, flavor, state, amountMs }: Usage): LineUsage {
  return { site, resource, flavor, state, amountMs };
}

function rowOf(owner: Owner, line: ChargeLine, book: PriceBook, by: Dimensions): BillRow {
  const byPrice = by.has('price');
  return {
    ...owner,
    resource: byPrice || by.has('resource') ? line.resource : undefined,
    flavor: byPrice || by.has('flavor') ? line.flavor : undefined,
    state: byPrice || by.has('state') ? line.state : undefined,
    ...(byPrice ? { price: priceOf(line, book) } : {}),
    book,
    charge: line.charge,
  };
}

function priceOf({ from, why, amountMs, price }: ChargeLine, book: PriceBook): NonNullable<BillRow['price']> {
  return { from, why, amountMs, name: nameOf(price, from, book) };
}

function nameOf(price: ChargeLine['price'], from: string, { version }: PriceBook): string {
  const own = version.findLast((one) => one.from === from);
  return priceWords(price, { fallback: own?.fallback ?? [] });
}

function rowKey({ book, charge: _charge, price, ...row }: BillRow): string {
  return JSON.stringify([row, book.name, price?.from, price?.name, price?.why]);
}

function unpricedKey({ amountMs: _amountMs, ...row }: UnpricedRow): string {
  return JSON.stringify(row);
}

function addUsage(row: LineUsage, { amountMs }: LineUsage): void {
  row.amountMs += amountMs;
}

function addRow(row: BillRow, more: BillRow): void {
  row.charge += more.charge;
  if (row.price !== undefined && more.price !== undefined) row.price.amountMs += more.price.amountMs;
}

/** Rows with the same key are one row. */
class Sums<T> {
  readonly #rows = new Map<string, T>();
  readonly #merge: (row: T, more: T) => void;

  constructor(merge: (row: T, more: T) => void) {
    this.#merge = merge;
  }

  add(key: string, row: T): void {
    const before = this.#rows.get(key);
    if (before === undefined) this.#rows.set(key, row);
    else this.#merge(before, row);
  }

  all(): T[] {
    return [...this.#rows.values()];
  }
}

function totalsOf(rows: readonly BillRow[]): Bill['totals'] {
  const totals = new Map<PriceBook, bigint>();
  for (const row of rows) totals.set(row.book, (totals.get(row.book) ?? 0n) + row.charge);
  return [...totals].map(([book, sum]) => ({ book, charge: sum }));
}

/** The prices that match nothing of all usage. Named at the end, because a part of the usage leaves most prices unused. */
class UnusedPrices {
  readonly #used = new Set<object>();
  readonly #versions = new Map<BookVersion, PriceBook>();

  note(book: PriceBook, { lines, versions }: ReturnType<typeof priced>): void {
    for (const { price } of lines) this.#used.add(price);
    for (const version of versions) this.#versions.set(version, book);
  }

  all(): Bill['unused'] {
    return [...this.#versions].flatMap(([version, book]) =>
      unusedOf(version, this.#used).map((one) => ({ book, ...one })),
    );
  }
}
