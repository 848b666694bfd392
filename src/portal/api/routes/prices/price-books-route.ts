import { z } from 'zod';
import { errorAnswer, pageOf } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { etagOf } from '../../shapes/etag.ts';
import { nameText, parameterTable } from '../../shapes/parameters.ts';
import { bookRow, bookRowOf } from '../../shapes/prices/book-answers.ts';
import { ProblemError } from '../../shapes/request-error.ts';
import { scopeFor } from '../scope-for.ts';

/** Price books, for those whose grants they charge and for those who read everything. */
export function priceBooksRoute(server: ApiServer, parts: ApiParts): void {
  const { accounts } = parts;
  server.get(
    '/api/v1/price-books',
    {
      schema: {
        summary: 'The price books with all their versions',
        querystring: parameterTable({}),
        response: { 200: pageOf(bookRow), default: errorAnswer },
      },
    },
    async (request) => {
      const { books } = await accounts.present(scopeFor(request, parts));
      return { data: books.map(bookRowOf), next: null };
    },
  );
  server.get(
    '/api/v1/price-books/:name',
    {
      schema: {
        summary: 'A price book with all its versions, and its prices in words',
        params: z.object({ name: nameText() }),
        querystring: parameterTable({}),
        response: { 200: bookRow, default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { books } = await accounts.present(scopeFor(request, parts));
      const book = books.find(({ document }) => document.name === name);
      if (book === undefined)
        throw new ProblemError(404, 'No such price book', `there is no price book '${name.slice(0, 100)}'`);
      return await reply.header('etag', etagOf(book.version)).send(bookRowOf(book));
    },
  );
}
