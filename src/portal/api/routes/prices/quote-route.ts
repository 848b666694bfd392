import { z } from 'zod';
import { answerOf, formats } from '../../../accounts/quotes/quote-text.ts';
import { quoteOf, type Quote, type QuoteQuestion } from '../../../accounts/quotes/quote.ts';
import type { PriceBook } from '../../../accounts/charges/price-book.ts';
import { UserError } from '../../../../runtime/user-error.ts';
import { errorAnswer } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { quoteAnswer, quoteParameters } from '../../shapes/prices/quote-parameters.ts';
import { RequestError } from '../../shapes/request-error.ts';
import { scopeFor } from '../scope-for.ts';
import { namedBook } from './named-book.ts';

/** What servers and other resources would cost, or how long an amount lasts. */
export function quoteRoute(server: ApiServer, parts: ApiParts): void {
  server.get(
    '/api/v1/quote',
    {
      schema: {
        summary:
          'What servers and resources cost by a price book for some hours, or how long an amount lasts',
        querystring: quoteParameters,
        response: {
          200: {
            description: 'The quote; as CSV with format=csv',
            content: { 'application/json': { schema: quoteAnswer }, 'text/csv': { schema: z.string() } },
          },
          default: errorAnswer,
        },
      },
    },
    async (request, reply) => {
      const { book, format, at, site, server: servers, resource, hours, amount } = request.query;
      const { books } = await parts.accounts.present(scopeFor(request, parts));
      const quote = quoted(namedBook(books, book), {
        servers,
        amounts: resource,
        site: site ?? '',
        atMs: at ?? parts.clock.nowMs(),
        hours,
        amount,
      });
      if (format === 'json') return answerOf(quote);
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', 'attachment; filename="quote.csv"')
        .send(formats.csv(quote));
    },
  );
}

function quoted(book: PriceBook, question: QuoteQuestion): Quote {
  try {
    return quoteOf(book, question);
  } catch (error) {
    if (error instanceof UserError) throw new RequestError(error.message);
    throw error;
  }
}
