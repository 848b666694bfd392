import type { Mark } from './marks.ts';
import type { PriceBook } from './price-book.ts';

/** The price books that charge the grants of an account, each from an instant on until the next. */
export interface AccountBooks {
  account: string;
  books: readonly { fromMs: number; book: PriceBook }[];
}

/** Who answers for usage. */
interface Owner {
  account?: string | undefined;
  institution?: string | undefined;
}

/** Who usage is charged to, and by which book; without a book, the reason. */
export type Payer = Owner & ({ book: PriceBook } | { reason: string });

/** Who pays for usage. */
export interface Billing {
  /** All books that may charge. */
  books: readonly PriceBook[];
  /** Whether the grant of usage decides on its book. */
  byGrant: boolean;
  marks: readonly Mark[];
  /** The payer for a grant's usage at an instant; null stands for usage without a grant. */
  payerOf: (grant: string | null | undefined, atMs: number) => Payer;
  /** The instants at which prices or payers may change. */
  borders: readonly number[];
}

type PayingGrant = Owner & { name: string };

/** The books of the accounts charge the usage of their grants. */
export function billingByAccount(
  grants: readonly PayingGrant[],
  accounts: readonly AccountBooks[],
  marks: readonly Mark[] = [],
): Billing {
  const ownerOf = ownersOf(grants);
  const booksOf = new Map(accounts.map(({ account, books }) => [account, books]));
  const dated = accounts.flatMap(({ books }) => books);
  const books = [...new Set(dated.map(({ book }) => book))];
  return {
    books,
    byGrant: true,
    marks,
    payerOf: (grant, atMs) => {
      if (grant === null || grant === undefined) return { reason: 'no grant has the project' };
      const owner = ownerOf.get(grant);
      if (owner === undefined) return { reason: 'you see only a part of the grant' };
      if (owner.account === undefined) return { reason: 'the grant has no account' };
      const book = booksOf.get(owner.account)?.findLast(({ fromMs }) => fromMs <= atMs)?.book;
      return book === undefined ? { ...owner, reason: 'the account has no price book' } : { ...owner, book };
    },
    borders: [...dated.map(({ fromMs }) => fromMs), ...books.flatMap(bordersOf), ...marks.flatMap(endsOf)],
  };
}

/** One book charges all usage. */
export function billingByBook(
  book: PriceBook,
  grants: readonly PayingGrant[],
  marks: readonly Mark[] = [],
): Billing {
  const ownerOf = ownersOf(grants);
  return {
    books: [book],
    byGrant: false,
    marks,
    payerOf: (grant) => ({ ...ownerOf.get(grant ?? ''), book }),
    borders: [...bordersOf(book), ...marks.flatMap(endsOf)],
  };
}

function ownersOf(grants: readonly PayingGrant[]): ReadonlyMap<string, Owner> {
  return new Map(grants.map(({ name, account, institution }) => [name, { account, institution }]));
}

/** When prices change: not where a version has the prices of the one before. Of versions with one date, the last counts. */
function bordersOf({ version }: PriceBook): number[] {
  const counting = version.filter(({ from }, index) => version[index + 1]?.from !== from);
  const prices = counting.map(({ server, states, resource, fallback }) =>
    JSON.stringify([server, states, resource, fallback]),
  );
  return counting
    .filter((_, index) => prices[index] !== prices[index - 1])
    .map(({ from }) => Date.parse(from));
}

function endsOf({ fromMs, toMs }: Mark): number[] {
  return [fromMs, toMs];
}

interface Period {
  fromMs: number;
  toMs: number;
}

/** The parts of a period between these instants. */
export function partsBetween({ fromMs, toMs }: Period, borders: readonly number[]): Period[] {
  const within = borders.filter((ms) => ms > fromMs && ms < toMs).toSorted((one, other) => one - other);
  const starts = [...new Set([fromMs, ...within])];
  return starts.map((startMs, index) => ({ fromMs: startMs, toMs: starts[index + 1] ?? toMs }));
}
