import type { Scope } from '../../access/rights/scope.ts';
import type { AccountBooks } from '../charges/billing.ts';
import type { Mark } from '../charges/marks.ts';
import { instantOf } from '../fields.ts';
import type { AccountDocument } from './documents.ts';
import type { PresentGrant, SiteGrant } from './grant.ts';
import { markOfDocument, type MarkDocument } from './marks.ts';
import type { DocumentVersion, StoredBook } from './stored.ts';

export type VisibleGrant = PresentGrant | SiteGrant;

/**
 * The grants that a scope sees (P2). A site sees its own part of a grant. A grant without a project at the site does not
 * exist for it.
 */
export function visibleGrants(grants: readonly PresentGrant[], scope: Scope): VisibleGrant[] {
  if (scope.everything === true) return [...grants];
  return grants.flatMap((grant) => (seesWhole(grant.name, scope) ? grant : partAt(grant, scope.sites)));
}

/** Whether a scope sees a grant with its people, allowances and history. */
export function seesWhole(name: string, scope: Scope): boolean {
  return scope.everything === true || scope.grants.includes(name);
}

/** The price books that charge these grants, or their allowances, as far as the scope sees the grants as a whole. */
export function visibleBooks(
  {
    accounts,
    books,
  }: {
    accounts: readonly DocumentVersion<AccountDocument>[];
    books: readonly DocumentVersion<StoredBook>[];
  },
  grants: readonly VisibleGrant[],
  scope: Scope,
): { books: readonly DocumentVersion<StoredBook>[]; billing: AccountBooks[] } {
  const charged = new Set(grants.flatMap((grant) => (isWhole(grant) ? (grant.account ?? []) : [])));
  const named = new Map(books.map(({ document }) => [document.name, document]));
  const billing = accounts
    .filter(({ document: { name } }) => charged.has(name))
    .map(({ document: { name, price_books = [] } }) => ({
      account: name,
      books: price_books.flatMap(({ book: one, from }) => {
        const book = named.get(one);
        return book === undefined ? [] : [{ fromMs: instantOf(from), book }];
      }),
    }));
  if (scope.everything === true) return { books, billing };
  const seen = new Set([
    ...billing.flatMap((account) => account.books.map(({ book }) => book.name)),
    ...grants.flatMap((grant) => (isWhole(grant) ? grant.allowances.map(({ priceBook }) => priceBook) : [])),
  ]);
  return { books: books.filter(({ document: { name } }) => seen.has(name)), billing };
}

/** The marks that concern usage in the scope: at its sites, or of a grant that it sees, in the time of its projects. */
export function visibleMarks<D extends { document: MarkDocument }>(
  marks: readonly D[],
  grants: readonly VisibleGrant[],
  scope: Scope,
): readonly D[] {
  if (scope.everything === true) return marks;
  return marks.filter(({ document }) => {
    const mark = markOfDocument(document);
    return scope.sites.includes(mark.site ?? '') || grants.some((grant) => concerns(mark, grant));
  });
}

/** Whether usage of a grant may be under a mark. */
export function concerns(mark: Mark, grant: VisibleGrant): boolean {
  const { account, site, cloud, projectId } = mark;
  if (account !== undefined) return isWhole(grant) && grant.account === account && overlaps(mark, grant);
  return grant.projects.some(
    (one) =>
      one.site === site &&
      (projectId ?? one.projectId) === one.projectId &&
      (cloud ?? one.cloud) === (one.cloud ?? cloud) &&
      overlaps(mark, one),
  );
}

type Window = { fromMs?: number | undefined; toMs?: number | undefined };

export function overlaps(
  time: { fromMs: number; toMs: number },
  { fromMs = -Infinity, toMs = Infinity }: Window,
): boolean {
  return time.fromMs < toMs && fromMs < time.toMs;
}

function partAt(
  { name, title, fromMs, toMs, projects }: PresentGrant,
  sites: readonly string[],
): SiteGrant[] {
  const own = projects.filter(({ site }) => sites.includes(site));
  return own.length === 0 ? [] : [{ name, title, fromMs, toMs, projects: own }];
}

export function isWhole(grant: VisibleGrant): grant is PresentGrant {
  return 'version' in grant;
}
