import type { FastifyRequest } from 'fastify';
import { pricesFor } from '../../../accounts/asked-prices.ts';
import type { ChargeQuestion } from '../../../accounts/charged-usage.ts';
import { billingByAccount, billingByBook, type Billing } from '../../../accounts/charges/billing.ts';
import type { PriceBook } from '../../../accounts/charges/price-book.ts';
import type { AccountsState } from '../../../accounts/accounts.ts';
import { markOfDocument } from '../../../accounts/grants/marks.ts';
import { isWhole } from '../../../accounts/grants/visible.ts';
import type { ApiParts } from '../../shapes/api-parts.ts';
import { chargeQuestion, type ChargeParameters } from '../../shapes/prices/charge-parameters.ts';
import { scopeFor } from '../scope-for.ts';

/** A question about charges in the scope of its sender, and what may charge it. */
export interface AskedCharges {
  question: ChargeQuestion;
  /** The books that the sender may read. */
  books: AccountsState['books'];
  byAccount: () => Billing;
  byBook: (book: PriceBook) => Billing;
}

export async function askedCharges(
  request: FastifyRequest,
  parameters: ChargeParameters,
  parts: ApiParts,
): Promise<AskedCharges> {
  const scope = scopeFor(request, parts);
  const { grants, books, billing, marks } = await parts.accounts.present(scope);
  const question = chargeQuestion(parameters, parts.clock.nowMs(), { scope, grants });
  const prices = { billing, marks: marks.map(({ document }) => markOfDocument(document)) };
  const asked = pricesFor(question, grants, prices);
  const whole = grants.filter(isWhole);
  return {
    question,
    books,
    byAccount: () => billingByAccount(whole, asked.billing, asked.marks),
    byBook: (book) => billingByBook(book, whole, asked.marks),
  };
}
