import type { AccountDocument, GrantDocument, GrantPart, GrantsFile, PersonDocument } from './documents.ts';
import type { PriceBook } from '../charges/price-book.ts';
import { instantText } from '../fields.ts';
import { priceBookDocument } from '../price-books/documents.ts';
import { bookDifference } from '../price-books/words.ts';
import { timeWords } from '../wording.ts';
import { markDifference, type MarkDocument } from './marks.ts';
import { published, unpublished } from './publication.ts';
import { accountDifference, grantDifference, personDifference } from './words.ts';
import { amended, checkRules, requireGrant, RuleError, withEarlier } from './rules.ts';
import type { Edit, StoredBook, StoredGrant, StoredState } from './stored.ts';

/** A new version of a document; null removes it. */
interface NewVersion {
  kind: 'grant' | 'account' | 'price_book' | 'mark';
  name: string;
  document: StoredGrant | AccountDocument | StoredBook | MarkDocument | null;
}

/** The versions that an edit writes, and the same in words. What stays as it is, is not in it. */
export interface Plan {
  versions: readonly NewVersion[];
  people: readonly PersonDocument[];
  words: readonly string[];
}

/** Checks an edit against the stored state. Throws `RuleError` if the result would break a rule. */
export function planOf(state: StoredState, edit: Edit, by: { author: string; nowMs: number }): Plan {
  const written = { author: by.author, written: instantText(by.nowMs) };
  const people = peoplePlan(state, edit.people ?? []);
  const accounts = [...(edit.accounts ?? [])].map(([name, document]) => ({
    kind: 'account' as const,
    name,
    document,
    words: accountDifference(name, state.accounts.get(name)?.document, document),
  }));
  const grants = [...(edit.grants ?? [])].map(([name, wanted]) => {
    const before = state.grants.get(name)?.document;
    const document =
      wanted === null ? null : { ...wanted, allowances: amended(wanted, before?.allowances ?? [], written) };
    return { kind: 'grant' as const, name, document, words: grantDifference(name, before, document) };
  });
  const books = [...(edit.books ?? [])].map(([name, wanted]) => {
    const before = state.books.get(name)?.document;
    const document = wanted === null ? null : published(wanted, state.published.get(name), written);
    return { kind: 'price_book' as const, name, document, words: bookDifference(name, before, document) };
  });
  const marks = [...(edit.marks ?? [])].map(([name, document]) => ({
    kind: 'mark' as const,
    name,
    document,
    words: markDifference(name, state.marks.get(name)?.document, document),
  }));
  checkRules({
    grants: after(state.grants, grants),
    accounts: after(state.accounts, accounts),
    books: after(state.books, books),
    marks: after(state.marks, marks),
    people: new Set([...state.people.keys(), ...people.map(({ document }) => document.id)]),
    sites: state.sites,
    removed: new Set(
      [...accounts, ...books].flatMap(({ kind, name, document }) =>
        document === null ? `${kind} ${name}` : [],
      ),
    ),
  });
  const changes = [...books, ...accounts, ...grants, ...marks].filter(({ words }) => words.length > 0);
  return {
    versions: changes.map(({ kind, name, document }) => ({ kind, name, document })),
    people: people.filter(({ words }) => words.length > 0).map(({ document }) => document),
    words: [...people, ...changes].flatMap(({ words }) => words),
  };
}

function peoplePlan(state: StoredState, wanted: readonly PersonDocument[]) {
  return wanted.map((document) => {
    const before = state.people.get(document.id);
    const isNamed = document.name !== undefined || document.mail !== undefined;
    if (before?.erasedMs !== undefined && isNamed)
      throw new RuleError(
        `person '${document.id}' was erased on ${timeWords(before.erasedMs).slice(0, 10)}, and stays without name and mail: remove both, or give a new person a new id`,
      );
    return { document, words: personDifference(before, document) };
  });
}

function after<D>(
  present: ReadonlyMap<string, { document: D }>,
  changes: readonly { name: string; document: D | null }[],
): Map<string, D> {
  const documents = new Map([...present].map(([name, { document }]) => [name, document]));
  for (const { name, document } of changes)
    if (document === null) documents.delete(name);
    else documents.set(name, document);
  return documents;
}

/**
 * The edit of a file. A grant or account that the file names becomes exactly what the file says, but keeps its allowances.
 * One that the file does not name stays as it is, except with `removeMissing`. Price books and marks stay in any case.
 */
export function editOfFile(
  file: GrantsFile,
  state: StoredState,
  {
    removeMissing = false,
    keep = [],
  }: { removeMissing?: boolean | undefined; keep?: readonly GrantPart[] | undefined },
): Edit {
  const grants = new Map<string, GrantDocument | null>(
    file.grant.map((grant) => [grant.name, withKept(grant, state.grants, keep)]),
  );
  const accounts = new Map<string, AccountDocument | null>(
    file.account.map((account) => [account.name, account]),
  );
  if (removeMissing) {
    for (const name of state.grants.keys()) if (!grants.has(name)) grants.set(name, null);
    for (const name of state.accounts.keys()) if (!accounts.has(name)) accounts.set(name, null);
  }
  const books = new Map<string, PriceBook | null>(file.price_book.map((book) => [book.name, book]));
  const marks = new Map<string, MarkDocument | null>(file.mark.map((mark) => [mark.name, mark]));
  return { grants, accounts, books, marks, people: file.person };
}

function withKept(
  grant: GrantDocument,
  grants: StoredState['grants'],
  keep: readonly GrantPart[],
): GrantDocument {
  // A top-up for a misspelt name would make a grant without projects.
  if (keep.includes('projects') && grant.allowances.length > 0) requireGrant(grant.name, grants);
  const present = grants.get(grant.name)?.document;
  if (present === undefined) return grant;
  const kept = Object.fromEntries(keep.map((part) => [part, present[part]]));
  return { ...grant, allowances: withEarlier(grant, present.allowances), ...kept };
}

/** The file of the stored state: applied again, it changes nothing. */
export function fileOf({
  people,
  accounts,
  grants,
  books,
  marks,
}: Omit<StoredState, 'sites' | 'published'>): GrantsFile {
  return {
    person: [...people.values()]
      .filter(({ erasedMs }) => erasedMs === undefined)
      .map(({ id, name, mail }) => withoutGaps({ id, name, mail })),
    account: [...accounts.values()].map(({ document }) => document),
    grant: [...grants.values()].map(({ document }) => ({
      ...document,
      allowances: document.allowances.map(({ resource, price_book, amount, kind, at, reason }) =>
        withoutGaps({ resource, price_book, amount, kind, at, reason }),
      ),
    })),
    price_book: [...books.values()].map(({ document: { version, ...book } }) =>
      priceBookDocument.parse({ ...book, version: version.map(unpublished) }),
    ),
    mark: [...marks.values()].map(({ document }) => document),
  };
}

function withoutGaps<T extends object>(table: T): T {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined)) as T;
}
