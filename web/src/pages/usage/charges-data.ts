import type { BookRow } from '../../../../src/portal/api/shapes/prices/book-answers.ts';
import type { ChargesAnswer } from '../../../../src/portal/api/shapes/prices/charge-answers.ts';
import type { WhatIfAnswer } from '../../../../src/portal/api/shapes/prices/what-if-answers.ts';
import { stepParameters, type Api, type CoverageQuestion } from '../../api.ts';

export type { BookRow, ChargesAnswer, WhatIfAnswer };

/** A question about charges: of a site, a project, or all projects of a grant. */
export type ChargesQuestion = Omit<CoverageQuestion, 'step'>;

/** A question about charges by a price book, beside those that count. */
export interface WhatIfQuestion extends ChargesQuestion {
  by: 'grant' | 'resource';
  book: string;
  /** Only this version of the book, counted from 1. */
  version?: number | undefined;
}

/** The address of charges by price. */
export function chargesAddress(question: ChargesQuestion): string {
  return `api/v1/charges?${stepParameters({ ...question, step: 'total' }, ['price'])}`;
}

export function whatIfAddress({ by, book, version, ...question }: WhatIfQuestion): string {
  const parameters = stepParameters({ ...question, step: 'total' }, [by]);
  parameters.set('book', book);
  if (version !== undefined) parameters.set('book_version', String(version));
  return `api/v1/charges/what-if?${parameters}`;
}

export async function loadCharges(api: Api, question: ChargesQuestion, signal: AbortSignal) {
  return (await api.firstPage(chargesAddress(question), signal)) as ChargesAnswer;
}

export async function loadWhatIf(api: Api, question: WhatIfQuestion, signal: AbortSignal) {
  return (await api.firstPage(whatIfAddress(question), signal)) as WhatIfAnswer;
}

export async function loadBooks(api: Api, signal: AbortSignal): Promise<BookRow[]> {
  return (await api.firstPage('api/v1/price-books', signal)).data as BookRow[];
}
