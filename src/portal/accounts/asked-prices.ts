import { fits } from '../ledger/names.ts';
import type { ChargeQuestion } from './charged-usage.ts';
import type { AccountBooks } from './charges/billing.ts';
import type { Mark } from './charges/marks.ts';
import { concerns, isWhole, overlaps, type VisibleGrant } from './grants/visible.ts';

interface Prices {
  billing: readonly AccountBooks[];
  marks: readonly Mark[];
}

/**
 * The price books of accounts and the marks that may concern the usage of a question. Each instant at which others change
 * would be one more question to the ledger.
 */
export function pricesFor(
  question: Pick<ChargeQuestion, 'fromMs' | 'toMs' | 'site' | 'projectId' | 'grant'>,
  grants: readonly VisibleGrant[],
  { billing, marks }: Prices,
): Prices {
  const { site, projectId, grant } = question;
  const asked = grants.filter(
    ({ name, projects }) =>
      fits(grant, name) &&
      projects.some(
        (one) => fits(site, one.site) && fits(projectId, one.projectId) && overlaps(question, one),
      ),
  );
  const accounts = new Set(asked.flatMap((one) => (isWhole(one) ? (one.account ?? []) : [])));
  return {
    billing: billing.filter(({ account }) => accounts.has(account)),
    marks: marks.filter((mark) => {
      if (mark.account !== undefined) return accounts.has(mark.account);
      if (!fits(site, mark.site ?? '')) return false;
      if (mark.projectId !== undefined && !fits(projectId, mark.projectId)) return false;
      return grant === undefined || asked.some((one) => concerns(mark, one));
    }),
  };
}
