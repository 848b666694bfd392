import { z } from 'zod';
import { errorAnswer, pageOf } from '../../shapes/answers.ts';
import type { ApiParts, ApiServer } from '../../shapes/api-parts.ts';
import { etagOf } from '../../shapes/etag.ts';
import { nameText, parameterTable } from '../../shapes/parameters.ts';
import { bookRow, booksText, bookText } from '../../shapes/prices/book-answers.ts';
import { ProblemError } from '../../shapes/request-error.ts';
import { goneOf } from '../gone.ts';
import { scopeFor } from '../scope-for.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Price books, for those whose grants they charge and for those who read everything. */
export function priceBooksRoute(server: ApiServer, parts: ApiParts): void {
  const { accounts } = parts;
  server.get(
    '/api/v1/price-books',
    {
      schema: {
        summary: 'The price books with all their versions',
        querystring: parameterTable({}),
        response: { 200: jsonOf('The price books', pageOf(bookRow)), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { books } = await accounts.present(scopeFor(request, parts));
      return await reply.type(JSON_TYPE).send(await booksText(books, goneOf(reply)));
    },
  );
  server.get(
    '/api/v1/price-books/:name',
    {
      schema: {
        summary: 'A price book with all its versions, and its prices in words',
        params: z.object({ name: nameText() }),
        querystring: parameterTable({}),
        response: { 200: jsonOf('The price book', bookRow), default: errorAnswer },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { books } = await accounts.present(scopeFor(request, parts));
      const book = books.find(({ document }) => document.name === name);
      if (book === undefined)
        throw new ProblemError(404, 'No such price book', `there is no price book '${name.slice(0, 100)}'`);
      return await reply
        .header('etag', etagOf(book.version))
        .type(JSON_TYPE)
        .send(await bookText(book, goneOf(reply)));
    },
  );
}

/** An answer whose JSON the route writes itself, so that it is text. */
function jsonOf(description: string, schema: z.ZodType) {
  return { description, content: { 'application/json': { schema: schema as z.ZodType<string> } } };
}
